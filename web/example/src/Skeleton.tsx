// Skeleton has the shape of a profile. It is seen after 150 ms only (style.css): most
// answers are there by then.
export function Skeleton() {
  return (
    <div className="skeleton" aria-hidden="true">
      <div className="user"><i className="avatar" /><div><i className="wide" /><i /><i /></div></div>
      {[0, 1].map((n) => <div key={n} className="order"><i className="wide" /><i /><i /></div>)}
    </div>
  );
}
