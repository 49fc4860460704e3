package baseline

// What the aggregator answers: the fields of the three questions, by their
// names in the graph.
type (
	profileUser struct {
		ID        string `json:"id"`
		Username  string `json:"username"`
		Email     string `json:"email"`
		FullName  string `json:"fullName"`
		IsActive  bool   `json:"isActive"`
		CreatedAt string `json:"createdAt"`
	}
	profileOrder struct {
		ID          string        `json:"id"`
		Status      string        `json:"status"`
		TotalAmount float64       `json:"totalAmount"`
		CreatedAt   string        `json:"createdAt"`
		Items       []profileItem `json:"items"`
	}
	profileItem struct {
		ProductID string  `json:"productId"`
		Quantity  int     `json:"quantity"`
		Price     float64 `json:"price"`
	}
	profileProduct struct {
		ID            string  `json:"id"`
		Name          string  `json:"name"`
		Description   string  `json:"description"`
		Price         float64 `json:"price"`
		Category      string  `json:"category"`
		StockQuantity int     `json:"stockQuantity"`
	}
	listUser struct {
		Username string      `json:"username"`
		Orders   []listOrder `json:"orders"`
	}
	listOrder struct {
		ID          string     `json:"id"`
		TotalAmount float64    `json:"totalAmount"`
		Items       []listItem `json:"items"`
	}
	listItem struct {
		Quantity int          `json:"quantity"`
		Price    float64      `json:"price"`
		Product  *listProduct `json:"product"`
	}
	listProduct struct {
		Name  string  `json:"name"`
		Price float64 `json:"price"`
	}
	pricedOrder struct {
		Items []pricedItem `json:"items"`
	}
	pricedItem struct {
		Product *listProduct `json:"product"`
	}
)

// ProductIDs are the ids of the products in orders, each once, in the order of
// their first mention.
func ProductIDs(orders []*Order) (ids []string) {
	seen := map[string]bool{}
	for _, o := range orders {
		for _, item := range o.Items {
			if !seen[item.ProductID] {
				seen[item.ProductID] = true
				ids = append(ids, item.ProductID)
			}
		}
	}
	return ids
}

func listOrders(orders []*Order, products map[string]*Product) []listOrder {
	out := make([]listOrder, len(orders))
	for i, o := range orders {
		out[i] = listOrder{o.ID, o.TotalAmount, make([]listItem, len(o.Items))}
		for j, item := range o.Items {
			out[i].Items[j] = listItem{item.Quantity, item.Price, shown(products[item.ProductID])}
		}
	}
	return out
}

func pricedItems(orders []*Order, products map[string]*Product) []pricedOrder {
	out := make([]pricedOrder, len(orders))
	for i, o := range orders {
		out[i].Items = make([]pricedItem, len(o.Items))
		for j, item := range o.Items {
			out[i].Items[j].Product = shown(products[item.ProductID])
		}
	}
	return out
}

func shown(p *Product) *listProduct {
	if p == nil {
		return nil
	}
	return &listProduct{p.Name, p.Price}
}
