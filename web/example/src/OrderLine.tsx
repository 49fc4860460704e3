import { graphql, read, type FragmentType } from "./gql";
import { money } from "./OrderCard";

const OrderLineFragment = graphql(`
  fragment OrderLine on OrderItem {
    productId
    quantity
    price
    product {
      name
      category
    }
  }
`);

// OrderLine names the product if it can: what was ordered is known without it.
export function OrderLine(props: { item: FragmentType<typeof OrderLineFragment> }) {
  const { productId, quantity, price, product } = read(OrderLineFragment, props.item);
  return (
    <li>
      <span className="quantity">{quantity} ×</span>
      <span className="product">{product ? product.name : <i>product {productId}</i>}<small>{product?.category}</small></span>
      <span className="price">{money(price)}</span>
    </li>
  );
}
