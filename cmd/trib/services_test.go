package main_test

import (
	"fmt"
	"testing"
)

const book = `{"id":%q,"title":"T","author_id":7,"genre":"non-fiction","price":9.90,"metadata":{"x":1}}`

// servicesOf starts the services of the documents in testdata.
func servicesOf(t *testing.T) map[string]*service {
	t.Helper()
	return map[string]*service{
		"library": newService(t, map[string]string{
			`POST /books/batch {"book_ids":["b1","b2"]}`: "[" + fmt.Sprintf(book, "b2") + "," + fmt.Sprintf(book, "b1") + "]",
			`GET /authors/7`: `{"id":7,"full_name":"Анна","born":null}`,
			`GET /authors/9`: `{"id":8,"full_name":"Another"}`,
			`GET /authors/7/books?genre=novel&genre=poetry`: "[" + fmt.Sprintf(book, "b3") + "]",
			`GET /authors/7/books`:                          "[]",
			`POST /loans {"book_id":"b1"}`:                  `{"id":"l9","book_id":"b1","due_at":"2026-01-02T03:04:05Z"}`,
			`GET /loans?book_id=b1`:                         `[{"id":"l1","book_id":"b1","due_at":"2026-01-02T03:04:05"}]`,
			`GET /loans?book_id=b2`:                         `[{"id":"l2","book_id":"b9","due_at":"2026-01-02T03:04:05Z"}]`,
		}),
		"billing": newService(t, map[string]string{
			`GET /billing/api/customers?ids=1&ids=2`:                          `[{"id":1,"displayName":"One","loyaltyPoints":9007199254740993},{"id":2}]`,
			`GET /billing/api/customers/1/invoices?status=PAID&page=0&size=1`: `{"totalElements":1,"content":[{"id":5,"number":"N5","amount":0.10,"status":"PAID","customerId":1}]}`,
			`GET /billing/api/customers/1/invoices?status=OPEN`:               `{"totalElements":0}`,
		}),
		"animals": newService(t, map[string]string{
			`GET /animal/findByStatus?status=available,adopted`: `[{"id":3,"name":"Rex","photoUrls":[],"status":"adopted","category":{"id":1,"name":"dogs"}}]`,
			`GET /adoption/x`:  `{"id":"x","animalId":3,"createdAt":"2026-01-02T03:04:05Z","fee":12}`,
			`GET /animal/3`:    `{"id":3,"name":"Rex","photoUrls":["u"]}`,
			`GET /animal/4`:    `{"error":"not found"}`,
			`DELETE /animal/3`: ``,
		}),
		"articles": newService(t, map[string]string{
			`GET /articles/1`: `{"data":{"type":"articles","id":"1","attributes":{"title":"T","body-text":"B","word-count":2},"relationships":{"author":{"data":{"type":"people","id":"9"}}}},"included":[]}`,
			`GET /articles?filter[section]=news&page[number]=2`: `{"data":[{"type":"articles","id":"2"}]}`,
		}),
		"vendor": newService(t, map[string]string{
			`GET /parts?ids=p1,p2`:                       `{"_embedded":{"parts":[{"id":"p1","Name":"N","func":"f","type":"t","select":null,"category_code":"c","shape":{"kind":"round","radius":1.50}},{"id":"p2","Name":"M","func":"g","shape":{"kind":"box","width":2}}]}}`,
			`GET /categories/c`:                          `{"code":"c","parent":{"code":"root"},"children":[{"code":"d","children":[]}]}`,
			`GET /tenants/a%2Fb/machines/s`:              `{"tenant":"a/b","serial":"s","hours":9223372036854775807,"partIds":["p1","p2"]}`,
			`GET /tenants/t/machines/s`:                  `{"tenant":"other","serial":"s"}`,
			`POST /search {"text":"x","max_price":2.50}`: `{"hits":[{"id":"p1","Name":"N","func":"f"}],"took":1}`,
		}),
		"clinic": newService(t, map[string]string{
			`GET /patients/?status=&status=in-active`:     `{"items":[{"id":"p1","first_name":"A","status":""}],"total":1}`,
			`GET /patients/p1/appointments?upcoming=true`: `[{"id":1,"patient_id":"p1","doctor_id":7,"starts_at":"2026-01-02T03:04:05Z","state":"N/A","window":["2026-01-02T03:04:05Z","2026-01-02T04:04:05Z"],"previous":{"id":2,"patient_id":"p1","doctor_id":8,"starts_at":"2026-01-02T03:04:05Z","state":"no show"}}]`,
			`POST /doctors/by-ids {"ids":[7,8]}`:          `[{"id":8,"name":"H","specialties":["x-ray"]},{"id":7,"name":"G"}]`,
			`GET /appointments/1/bill`:                    `{"number":"B1","amount":"1.10","kind":"insurance","insurer":"I"}`,
			`GET /appointments/2/bill`:                    `{"kind":"private","number":"B2","amount":"2","paid":false}`,
			`GET /appointments/3/bill`:                    `{"kind":"other"}`,
			`POST /patients/ {"first_name":"N","doctor_id":9007199254740993,"deposit":1.50,"last_name":null}`: `{"id":"p9","first_name":"N","status":"active"}`,
		}),
		"fleet": newService(t, map[string]string{
			`GET /api/vehicles?page=1&size=2&sort=vin%2Casc&status=IN_SERVICE`: `{"content":[{"id":1,"vin":"V","type":"BUS","depotId":3}],"totalElements":1}`,
			`GET /api/depots/3`:          `{"id":3,"name":"D","_links":{}}`,
			`GET /api/depots/3/vehicles`: `[{"id":1,"vin":"V","type":"BUS","depotId":3}]`,
		}),
		"stock": newService(t, map[string]string{
			`GET /items?ids=5`:                          `[{"id":5,"sku":"s","price":0.10,"2d_barcode":"|","class":"b+","grade":2,"warehouse-code":"w"}]`,
			`GET /warehouses/w`:                         `{"code":"w","name":"W","opening_hours":[["8","12"]]}`,
			`GET /warehouses/w/items?limit=2&grade=1,5`: `{"items":[{"id":5,"sku":"s","price":0.10}],"next_cursor":null}`,
		}),
		"press": newService(t, map[string]string{
			`GET /writers/1`:          `{"data":{"type":"writers","id":"1","attributes":{"name":"W"}}}`,
			`GET /writers/1/articles`: `{"data":[{"type":"articles","id":"2","attributes":{"title":"T","state":"on-hold"}}]}`,
			`GET /articles?filter[author]=x+y&page[after]=c%26d&sort=-created`: `{"data":[],"links":{}}`,
		}),
		"acme": newService(t, map[string]string{
			`GET /widgets/7/`:                        `{"id":7,"name":"N","2fa":true,"type":"a/b","size":[1,2],"__meta":{"etag":"e"}}`,
			`GET /widgets?tag[]=a&tag[]=b&deep[a]=z`: `{"result":{"widgets":[{"id":7,"name":"N"}],"cursor":"c"}}`,
			`GET /events/2026/02`:                    `[{"ts":1700000000000,"owner_id":"o","string":"s","error":"e","len":1}]`,
			`GET /owners/o`:                          `{"success":true,"owner":{"owner_id":"o","Full Name":"F"},"error":null}`,
			`GET /owners/x`:                          `{"success":false,"owner":null,"error":"none"}`,
			`GET /widgets?since=2026-01-01T00%3A00%3A00Z&owner_id=o`: `{"result":{"widgets":[{"id":8,"name":"M"}]}}`,
		}),
	}
}
