import { useEffect, useState } from "react";
import { graphql } from "./gql";
import { sampleViewers, type Viewer } from "./viewer";
import { useAnswer } from "./useAnswer";

const MeQuery = graphql(`
  query Me {
    me {
      id
      fullName
    }
  }
`);

interface Props { viewer?: Viewer; choose(viewer?: Viewer): void }

// SignIn lets the page be seen as one of the sample viewers. A page of your own has a token
// of its identity provider instead.
export function SignIn({ viewer, choose }: Props) {
  const [viewers, setViewers] = useState<Viewer[]>([]);
  useEffect(() => void sampleViewers().then(setViewers, () => undefined), []);
  if (viewers.length === 0) return null;
  return (
    <footer>
      <label>
        Signed in as{" "}
        <select value={viewer?.sub ?? ""} onChange={(e) => choose(viewers.find((v) => v.sub === e.target.value))}>
          <option value="">nobody</option>
          {viewers.map((v) => <option key={v.sub} value={v.sub}>{v.name}</option>)}
        </select>
      </label>
      {viewer && <Me key={viewer.sub} />}
    </footer>
  );
}

function Me() {
  const { answer } = useAnswer(MeQuery, {});
  if (!answer) return null;
  const me = answer.data?.me;
  return me ? <a href={`#${encodeURIComponent(me.id)}`}>{me.fullName}’s profile</a> : <span role="status">{answer.errors[0]?.message}</span>;
}
