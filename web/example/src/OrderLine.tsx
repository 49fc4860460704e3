import { money, times } from "./format";
import { graphql, read, type FragmentType } from "./gql";
import type { Part } from "./graphql";

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

interface Props { item: FragmentType<typeof OrderLineFragment>; withoutProducts?: Part }

// OrderLine names the product if it can: what was ordered is known without it.
export function OrderLine({ item, withoutProducts }: Props) {
  const { productId, quantity, price, product } = read(OrderLineFragment, item);
  return (
    <li>
      <span className="quantity">{quantity} ×</span>
      <span className="product">
        {product ? <>{product.name} <small>{product.category}</small></> : <><i>{productId}</i> <small>{withoutProducts ? "name unavailable right now" : "no longer sold"}</small></>}
      </span>
      <span className="price">{quantity > 1 && <small>{money(price)} each</small>} {money(times(quantity, price))}</span>
    </li>
  );
}
