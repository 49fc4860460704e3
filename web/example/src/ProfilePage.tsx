import { useRef } from "react";
import { missing, stale, Stale, Unavailable } from "./degraded";
import { graphql } from "./gql";
import type { ProfilePageQuery } from "./gql/graphql";
import type { Answer } from "./graphql";
import { NewOrder } from "./NewOrder";
import { OrderCard } from "./OrderCard";
import { Skeleton } from "./Skeleton";
import { useAnswer } from "./useAnswer";
import { UserCard } from "./UserCard";

// The page asks for what its parts ask for: one request, whatever is composed.
const ProfileQuery = graphql(`
  query ProfilePage($id: ID!) {
    profile(userId: $id) {
      user {
        ...UserCard
      }
      orders {
        id
        ...OrderCard
      }
    }
  }
`);

interface Props { id: string; people: string[] }

export function ProfilePage({ id, people }: Props) {
  const { answer, at, loading, failure, refresh } = useAnswer(ProfileQuery, { id });
  return (
    <>
      <header>
        <a href="/">← Tributary</a>
        <nav aria-label="Users">
          {people.map((one) => <a key={one} href={`#${one}`} aria-current={one === id ? "page" : undefined}>{one}</a>)}
        </nav>
        <button type="button" onClick={refresh} disabled={loading}>{loading ? "Loading…" : failure ? "Try again" : "Refresh"}</button>
      </header>
      <main aria-busy={loading}>
        {failure && <p className="unavailable" role="alert">{failure}{at && ` What you see is from ${at.toLocaleTimeString()}.`}</p>}
        {answer ? <Profile key={id} id={id} answer={answer} refresh={refresh} /> : loading && <Skeleton />}
      </main>
    </>
  );
}

function Profile({ id, answer, refresh }: { id: string; answer: Answer<ProfilePageQuery>; refresh(): void }) {
  const profile = answer.data?.profile;
  const { user, orders } = useLatest(answer);
  const unavailable = !profile && <p className="unavailable">{whyNot(id, answer)}</p>;
  if (!user && !orders) return unavailable;
  return (
    <>
      {unavailable}
      {profile && !profile.user && <Unavailable what="Name and address are" service="users" answer={answer} />}
      {user && <UserCard user={user} part={stale(answer, "users")} changed={refresh} />}
      <div className="heading">
        <h2>Orders <Stale part={stale(answer, "orders")} /> <Stale what="products" part={stale(answer, "products")} /></h2>
        <NewOrder userId={id} changed={refresh} />
      </div>
      {profile && !profile.orders && <Unavailable what="Orders are" service="orders" answer={answer} />}
      {orders?.length === 0 && <p>None yet.</p>}
      {orders?.map((order) => <OrderCard key={order.id} order={order} withoutProducts={missing(answer, "products")} changed={refresh} />)}
    </>
  );
}

// useLatest returns the parts of a profile. One that the answer lacks is that of an answer
// before it: the forms in it stay, whose writes may have an unknown outcome.
function useLatest({ data, errors }: Answer<ProfilePageQuery>) {
  const latest = useRef<NonNullable<ProfilePageQuery["profile"]>>({ user: null, orders: null });
  const { user, orders } = data?.profile ?? {};
  if (errors.length === 0) latest.current = { user: user ?? null, orders: orders ?? null };
  else latest.current = { user: user ?? latest.current.user, orders: orders ?? latest.current.orders };
  return latest.current;
}

function whyNot(id: string, { errors }: Answer<ProfilePageQuery>): string {
  const [error] = errors;
  if (!error) return `There is no user ${id}.`;
  if (error.extensions?.code === "UNAUTHENTICATED") return "You are not signed in any more.";
  return error.extensions?.code === "BAD_USER_INPUT" ? `That is not the id of a user: ${error.message}.` : "The profile is unavailable right now.";
}
