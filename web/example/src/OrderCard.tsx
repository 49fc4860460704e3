import { day, money } from "./format";
import { graphql, read, type FragmentType } from "./gql";
import type { Part } from "./graphql";
import { OrderLine } from "./OrderLine";
import { useWrite } from "./useWrite";
import { WriteStatus } from "./WriteStatus";

const OrderCardFragment = graphql(`
  fragment OrderCard on Order {
    id
    status
    totalAmount
    createdAt
    items {
      productId
      ...OrderLine
    }
  }
`);

const CancelOrder = graphql(`
  mutation CancelOrder($id: ID!) {
    cancelOrder(id: $id) {
      id
      status
    }
  }
`);

interface Props { order: FragmentType<typeof OrderCardFragment>; withoutProducts?: Part; changed(): void }

export function OrderCard({ order, withoutProducts, changed }: Props) {
  const { id, status, createdAt, items, totalAmount } = read(OrderCardFragment, order);
  const { write, send, again } = useWrite(CancelOrder, "orders", changed);
  // Whether it can be cancelled the service knows: until it says so, it is not.
  const cancelling = write.state === "sending" || write.state === "unknown";
  return (
    <article className="order">
      <h3>
        <span>{id}</span> <span className={`status ${status}`}>{cancelling ? "cancelling…" : status}</span>
        <time dateTime={createdAt}>{day(createdAt)}</time>
      </h3>
      <ul>{items.map((item, i) => <OrderLine key={i} item={item} withoutProducts={withoutProducts} />)}</ul>
      <div className="total">
        {["pending", "processing"].includes(status) && !cancelling && (
          <button type="button" className="quiet" onClick={() => void send({ id })}>Cancel<span className="hidden"> order {id}</span></button>
        )}
        <b>{money(totalAmount)}</b>
      </div>
      <WriteStatus write={write} what="the cancellation" again={again} />
    </article>
  );
}
