import type { Write } from "./useWrite";

interface Props { write: Write; what: string; again(): void }

// WriteStatus says what has become of a write: what is the thing, as in "your order".
export function WriteStatus({ write, what, again }: Props) {
  switch (write.state) {
    case "refused":
      return Object.keys(write.fields).length > 0 ? null : <p className="refused" role="alert">{sentence(write.message)}</p>;
    case "unknown":
      return (
        <p className="unavailable" role="alert">
          We don’t know yet whether {what} went through.{write.why && ` Asked again, we hear: ${sentence(write.why)}`}{" "}
          {write.asking ? "Asking again…" : <button type="button" onClick={again}>Ask again</button>}
          <small>It happens once, however often we ask.</small>
        </p>
      );
    default:
      return null;
  }
}

export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1) + (text.endsWith(".") ? "" : ".");
}
