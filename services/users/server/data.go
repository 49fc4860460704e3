package server

import (
	"fmt"
	"time"

	"tributary/gateway/scalar"
)

// generated is the number of users besides the two in examples.
const generated = 1000

// seed generates the users by arithmetic instead of a random generator, so that they are
// the same on every start and in every version of Go.
func seed() map[string]*User {
	all := map[string]*User{}
	add := func(id, username, fullName string, active bool, created time.Time) {
		all[id] = &User{
			ID:        id,
			Username:  username,
			Email:     username + "@example.com",
			FullName:  fullName,
			IsActive:  active,
			CreatedAt: scalar.DateTime(created.Format(time.RFC3339)),
		}
	}
	add("user123", "ivan_ivanov", "Иван Иванов", true, time.Date(2024, 1, 15, 10, 30, 0, 0, time.UTC))
	add("user456", "anna_smirnova", "Анна Смирнова", true, time.Date(2024, 2, 20, 14, 45, 0, 0, time.UTC))
	start := time.Date(2024, 3, 1, 9, 0, 0, 0, time.UTC)
	for n := 1; n <= generated; n++ {
		latin, russian := name(n)
		add(fmt.Sprintf("u%d", n), fmt.Sprintf("%s_%d", latin, n), russian,
			n%10 != 0, start.Add(time.Duration(n)*7*time.Hour))
	}
	return all
}

// A name in Latin letters, for user names, and in Russian, for people.
type localizedName struct{ latin, russian string }

// Women's surnames have one letter more, in both alphabets.
var (
	women = [...]localizedName{{"anna", "Анна"}, {"maria", "Мария"}, {"elena", "Елена"}, {"olga", "Ольга"},
		{"daria", "Дарья"}, {"irina", "Ирина"}, {"sofia", "София"}}
	men = [...]localizedName{{"ivan", "Иван"}, {"pavel", "Павел"}, {"dmitry", "Дмитрий"}, {"sergey", "Сергей"},
		{"nikita", "Никита"}, {"maxim", "Максим"}, {"andrey", "Андрей"}}
	surnames = [...]localizedName{{"smirnov", "Смирнов"}, {"kuznetsov", "Кузнецов"}, {"popov", "Попов"},
		{"sokolov", "Соколов"}, {"lebedev", "Лебедев"}, {"novikov", "Новиков"}, {"morozov", "Морозов"}, {"volkov",
			"Волков"}, {"pavlov", "Павлов"}, {"nikitin", "Никитин"}, {"orlov", "Орлов"}}
)

// name returns the name of the n-th generated user.
func name(n int) (latin, russian string) {
	last := surnames[n%len(surnames)]
	if n%2 == 0 {
		first := women[n/2%len(women)]
		return first.latin + "_" + last.latin + "a", first.russian + " " + last.russian + "а"
	}
	first := men[n/2%len(men)]
	return first.latin + "_" + last.latin, first.russian + " " + last.russian
}
