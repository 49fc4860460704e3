import { graphql, read, type FragmentType } from "./gql";
import { OrderLine } from "./OrderLine";

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

export function OrderCard(props: { order: FragmentType<typeof OrderCardFragment> }) {
  const order = read(OrderCardFragment, props.order);
  return (
    <article className="order">
      <h3>
        {order.id} <span className={`status ${order.status}`}>{order.status}</span>
        <time dateTime={order.createdAt}>{new Date(order.createdAt).toLocaleDateString()}</time>
      </h3>
      <ul>{order.items.map((item) => <OrderLine key={item.productId} item={item} />)}</ul>
      <p className="total">{money(order.totalAmount)}</p>
    </article>
  );
}

export function money(amount: number): string {
  return amount.toLocaleString(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}
