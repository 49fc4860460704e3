package app

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// completionCommand prints a script that completes commands and flags in bash and zsh.
type completionCommand struct{}

// Run implements the command.
func (completionCommand) Run(p *process) error {
	return printCompletion(p.Stdout, p.parsed.Model)
}

func printCompletion(w io.Writer, model *kong.Application) error {
	var b strings.Builder
	function := "_" + strings.ReplaceAll(model.Name, "-", "_")
	fmt.Fprintf(&b, "# Completion of %[1]s: source <(%[1]s completion)\n", model.Name)
	fmt.Fprintf(&b, "[ -n \"$ZSH_VERSION\" ] && autoload -U +X compinit bashcompinit && compinit && bashcompinit\n")
	fmt.Fprintf(&b, "%s() {\n  local words\n  case $COMP_CWORD:${COMP_WORDS[1]} in\n", function)
	var commands []string
	for _, command := range model.Children {
		if command.Hidden {
			continue
		}
		commands = append(commands, command.Name)
	}
	fmt.Fprintf(&b, "    1:*) words='%s' ;;\n", strings.Join(append(commands, flagsIn(model.Node)...), " "))
	for _, command := range model.Children {
		fmt.Fprintf(&b, "    *:%s) words='%s' ;;\n", command.Name, strings.Join(append(flagsIn(model.Node), flagsIn(command)...), " "))
	}
	fmt.Fprintf(&b, "  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n}\n")
	fmt.Fprintf(&b, "complete -o default -F %s %s\n", function, model.Name)
	_, err := io.WriteString(w, b.String())
	return err
}

// flagsIn returns the flags of a command, as they are typed.
func flagsIn(node *kong.Node) []string {
	var flags []string
	for _, flag := range node.Flags {
		if !flag.Hidden {
			flags = append(flags, "--"+flag.Name)
		}
	}
	return flags
}
