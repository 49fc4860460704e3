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
  if (!profile) return <p className="unavailable">{whyNot(id, answer)}</p>;
  return (
    <>
      {profile.user ? <UserCard user={profile.user} part={stale(answer, "users")} changed={refresh} /> : <Unavailable what="Name and address are" service="users" answer={answer} />}
      <div className="heading">
        <h2>Orders <Stale part={stale(answer, "orders")} /> <Stale what="products" part={stale(answer, "products")} /></h2>
        <NewOrder userId={id} changed={refresh} />
      </div>
      {!profile.orders ? <Unavailable what="Orders are" service="orders" answer={answer} /> : profile.orders.length === 0 ? <p>None yet.</p> :
        profile.orders.map((order) => <OrderCard key={order.id} order={order} withoutProducts={missing(answer, "products")} changed={refresh} />)}
    </>
  );
}

function whyNot(id: string, { errors }: Answer<ProfilePageQuery>): string {
  const [error] = errors;
  if (!error) return `There is no user ${id}.`;
  if (error.extensions?.code === "UNAUTHENTICATED") return "You are not signed in any more.";
  return error.extensions?.code === "BAD_USER_INPUT" ? `That is not the id of a user: ${error.message}.` : "The profile is unavailable right now.";
}
