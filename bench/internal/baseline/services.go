package baseline

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// What the services answer.
type (
	User struct {
		ID        string `json:"id"`
		Username  string `json:"username"`
		Email     string `json:"email"`
		FullName  string `json:"full_name"`
		IsActive  bool   `json:"is_active"`
		CreatedAt string `json:"created_at"`
	}
	Order struct {
		ID          string       `json:"id"`
		UserID      string       `json:"user_id"`
		Status      string       `json:"status"`
		TotalAmount float64      `json:"total_amount"`
		Items       []*OrderItem `json:"items"`
		CreatedAt   string       `json:"created_at"`
	}
	OrderItem struct {
		ProductID string  `json:"product_id"`
		Quantity  int     `json:"quantity"`
		Price     float64 `json:"price"`
	}
	Product struct {
		ID            string  `json:"id"`
		Name          string  `json:"name"`
		Description   string  `json:"description"`
		Price         float64 `json:"price"`
		Category      string  `json:"category"`
		StockQuantity int     `json:"stock_quantity"`
	}
)

// Services is a client of the services. Its methods fail as a whole.
type Services struct {
	url    string
	client *http.Client
}

// NewServices returns a client of the services at url, with a pool that is large
// enough not to matter.
func NewServices(url string) Services {
	return Services{url, &http.Client{
		Timeout:   2 * time.Second,
		Transport: &http.Transport{MaxIdleConnsPerHost: 256, IdleConnTimeout: 90 * time.Second},
	}}
}

func (s Services) User(ctx context.Context, id string) (*User, error) {
	u := &User{}
	err := s.ask(ctx, http.MethodGet, "/users/"+id, nil, u)
	return u, err
}

func (s Services) Orders(ctx context.Context, userID string) (list []*Order, err error) {
	err = s.ask(ctx, http.MethodGet, "/orders/user/"+userID, nil, &list)
	return list, err
}

func (s Services) Products(ctx context.Context, ids []string) (map[string]*Product, error) {
	body, err := json.Marshal(map[string]any{"product_ids": ids})
	if err != nil {
		return nil, err
	}
	var list []*Product
	if err := s.ask(ctx, http.MethodPost, "/products/batch", body, &list); err != nil {
		return nil, err
	}
	byID := make(map[string]*Product, len(list))
	for _, p := range list {
		byID[p.ID] = p
	}
	return byID, nil
}

func (s Services) ask(ctx context.Context, method, path string, body []byte, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", method, path, resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(out)
}
