package server

import (
	"fmt"

	"tributary/gateway/scalar"
)

// generated is the number of products besides the three in examples.
const generated = 200

// seed generates the products by arithmetic instead of a random generator, so that they
// are the same on every start and in every version of Go.
func seed() map[string]*Product {
	all := map[string]*Product{}
	add := func(id, name, description, category string, cents, stock int) {
		all[id] = &Product{
			ID:            id,
			Name:          name,
			Description:   description,
			Price:         decimal(cents),
			Category:      category,
			StockQuantity: int32(stock), //nolint:gosec // at most 120, see below
		}
	}
	add("prod1", "Ноутбук", "Ноутбук для работы и учёбы, 16 ГБ памяти", "Компьютеры", 999_99, 50)
	add("prod2", "Смартфон", "Смартфон с ярким экраном и большой батареей", "Телефоны", 699_50, 120)
	add("prod3", "Наушники", "Беспроводные наушники с шумоподавлением", "Аксессуары", 149_00, 80)
	for n := 1; n <= generated; n++ {
		k := kinds[n%len(kinds)]
		add(fmt.Sprintf("p%d", n), fmt.Sprintf("%s №%d", k.name, n), k.description, k.category, price(n), n*37%101)
	}
	return all
}

// price is the price of the n-th generated product in cents. The order service, which
// shares no data with this one, uses the same formula.
func price(n int) int { return 990 + n*4937%98_000 }

// decimal writes an amount of cents with its two decimals.
func decimal(cents int) scalar.Decimal {
	return scalar.Decimal(fmt.Sprintf("%d.%02d", cents/100, cents%100))
}

// kinds has the kinds of generated products, in rotation.
var kinds = [...]struct{ name, description, category string }{
	{"Клавиатура", "Механическая клавиатура с подсветкой", "Аксессуары"},
	{"Монитор", "Монитор 27 дюймов с точной передачей цвета", "Компьютеры"},
	{"Планшет", "Лёгкий планшет для чтения и рисования", "Планшеты"},
	{"Рюкзак", "Рюкзак с отделением для ноутбука", "Сумки"},
	{"Кофеварка", "Кофеварка на шесть чашек", "Для дома"},
	{"Лампа", "Настольная лампа с тёплым светом", "Для дома"},
	{"Колонка", "Переносная колонка, которая не боится воды", "Аудио"},
	{"Часы", "Умные часы с пульсометром", "Аксессуары"},
	{"Фотоаппарат", "Компактный фотоаппарат для поездок", "Фото"},
}
