package settings

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// Tables writes all settings of a command as tables in Markdown, one for each group.
func Tables(w io.Writer, command *kong.Node) error {
	var groups []string
	rows := map[string]string{}
	for _, flag := range command.Flags {
		if !isSetting(flag) || flag.Group == nil {
			continue
		}
		group := flag.Group.Title
		if rows[group] == "" {
			groups = append(groups, group)
		}
		rows[group] += row(flag)
	}
	for _, group := range groups {
		if _, err := fmt.Fprintf(w, "## %s\n\n| in the environment | default | |\n| --- | --- | --- |\n%s\n", group,
			rows[group]); err != nil {
			return err
		}
	}
	return nil
}

func row(flag *kong.Flag) string {
	value := flag.Default
	if value == "" && flag.IsBool() {
		value = "false"
	}
	if value != "" {
		value = "`" + value + "`"
	}
	help := strings.ReplaceAll(flag.Help, "|", `\|`)
	if flag.Tag.Has("reload") {
		help += " *Reloaded.*"
	}
	return fmt.Sprintf("| %#q | %s | %s |\n", envOf(flag), value, help)
}
