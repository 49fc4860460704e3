import { partOf, Stale, Unavailable } from "./degraded";
import { graphql } from "./gql";
import { OrderCard } from "./OrderCard";
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

export function ProfilePage({ id }: { id: string }) {
  const { answer, loading, failure, refresh } = useAnswer(ProfileQuery, id);
  const profile = answer?.data?.profile;
  return (
    <main aria-busy={loading}>
      <p className="bar">
        <button type="button" onClick={refresh} disabled={loading}>{loading ? "Loading…" : "Refresh"}</button>
        {failure && <span role="alert">{failure}</span>}
      </p>
      {answer && !profile && <p className="unavailable">{answer.errors.length > 0 ? "The profile is unavailable right now." : `There is no user ${id}.`}</p>}
      {answer && profile && (
        <>
          {profile.user ? <UserCard user={profile.user} part={partOf(answer, "users")} /> : <Unavailable what="Name and address" />}
          <h2>Orders <Stale part={partOf(answer, "orders")} /></h2>
          {profile.orders === null || profile.orders === undefined ? <Unavailable what="Orders" /> : profile.orders.length === 0 ? <p>None yet.</p> :
            profile.orders.map((order) => <OrderCard key={order.id} order={order} />)}
        </>
      )}
    </main>
  );
}
