import { useCallback, useEffect, useRef, useState } from "react";
import { graphql } from "./gql";
import { useWrite } from "./useWrite";
import { sentence, WriteStatus } from "./WriteStatus";

const ChangeEmail = graphql(`
  mutation ChangeEmail($id: ID!, $email: String!) {
    updateUser(id: $id, input: { email: $email }) {
      email
    }
  }
`);

interface Props { id: string; email: string; changed(): void }

// EmailForm shows a mail address and changes it. The new one is shown at once, as being
// saved: nothing is lost if it is refused, because the form comes back with the reason.
export function EmailForm({ id, email, changed }: Props) {
  const [editing, setEditing] = useState(false);
  const done = useCallback(() => { setEditing(false); changed(); }, [changed]);
  const { write, send, sent, again, reset } = useWrite(ChangeEmail, "users", done);
  const saved = useRef(false);
  saved.current = write.state === "done";
  useEffect(() => { if (saved.current) reset(); }, [email, reset]); // the address that is shown is the saved one
  const close = () => { setEditing(false); reset(); };
  const refused = write.state === "refused" ? write : undefined;

  if (!editing) {
    return (
      <p className="email">
        {write.state === "done" ? sent?.email : email}{" "}
        <button type="button" className="quiet" onClick={() => { reset(); setEditing(true); }}>Change<span className="hidden"> mail address</span></button>
      </p>
    );
  }
  if (write.state === "sending" || write.state === "unknown") {
    return (
      <>
        <p className="email" aria-busy="true"><i>{sent?.email}</i> <small>{write.state === "sending" ? "Saving…" : ""}</small></p>
        <WriteStatus write={write} what="the change" again={again} />
      </>
    );
  }
  return (
    // The service decides what an address is; its reason is shown at the field.
    <form noValidate onSubmit={(e) => { e.preventDefault(); void send({ id, email: String(new FormData(e.currentTarget).get("email")) }); }}>
      <label>
        Mail address
        <input name="email" type="email" autoComplete="email" autoFocus defaultValue={sent?.email ?? email} onKeyDown={(e) => e.key === "Escape" && close()}
          aria-invalid={Boolean(refused?.fields.email)} aria-describedby={refused?.fields.email ? "email-error" : undefined} />
      </label>
      {refused?.fields.email && <p id="email-error" className="refused" role="alert">{sentence(refused.fields.email)}</p>}
      <WriteStatus write={write} what="the change" again={again} />
      <p className="actions"><button type="submit">Save</button> <button type="button" className="quiet" onClick={close}>Cancel</button></p>
    </form>
  );
}
