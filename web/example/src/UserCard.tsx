import { Stale } from "./degraded";
import { graphql, read, type FragmentType } from "./gql";
import type { Part } from "./graphql";

const UserCardFragment = graphql(`
  fragment UserCard on User {
    fullName
    username
    email
    isActive
    createdAt
  }
`);

interface Props { user: FragmentType<typeof UserCardFragment>; part?: Part }

export function UserCard({ user, part }: Props) {
  const { fullName, username, email, isActive, createdAt } = read(UserCardFragment, user);
  return (
    <header className="user">
      <div className="avatar" aria-hidden="true">{initials(fullName)}</div>
      <div>
        <h1>{fullName} <Stale part={part} /></h1>
        <p>@{username} · {email}</p>
        <p>{isActive ? "Active" : "Not active"}, since {new Date(createdAt).toLocaleDateString(undefined, { year: "numeric", month: "long" })}</p>
      </div>
    </header>
  );
}

function initials(name: string): string {
  return name.split(/\s+/).map((word) => word[0] ?? "").join("").slice(0, 2).toUpperCase();
}
