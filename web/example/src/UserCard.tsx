import { Stale } from "./degraded";
import { EmailForm } from "./EmailForm";
import { month } from "./format";
import { graphql, read, type FragmentType } from "./gql";
import type { Part } from "./graphql";

const UserCardFragment = graphql(`
  fragment UserCard on User {
    id
    fullName
    username
    email
    isActive
    createdAt
  }
`);

interface Props { user: FragmentType<typeof UserCardFragment>; part?: Part; changed(): void }

export function UserCard({ user, part, changed }: Props) {
  const { id, fullName, username, email, isActive, createdAt } = read(UserCardFragment, user);
  return (
    <section className="user" aria-label="User">
      <div className="avatar" aria-hidden="true">{initials(fullName)}</div>
      <div>
        <h1>{fullName} <Stale part={part} /></h1>
        <p>@{username}</p>
        <EmailForm id={id} email={email} changed={changed} />
        <p>{isActive ? "Active" : "Not active"}, since {month(createdAt)}</p>
      </div>
    </section>
  );
}

function initials(name: string): string {
  return name.split(/\s+/).map((word) => word[0] ?? "").join("").slice(0, 2).toUpperCase();
}
