/// What a shell needs to complete command lines of `swiftlet`, made from the table.
enum Completion {
    /// The shells that there is one for.
    enum Shell: String, CaseIterable { case bash, zsh, fish }

    static func script(for shell: Shell) -> String {
        switch shell {
        case .bash: bash
        case .zsh: zsh
        case .fish: fish
        }
    }

    private static func words(_ options: [Option]) -> String {
        options.flatMap { [$0.letter, $0.name].compactMap(\.self) }.joined(separator: " ")
    }

    /// The words that may stand where the operands do; empty: a file.
    private static func operands(_ command: CommandEntry) -> [String] {
        command.name == HelpCommand.entry.name
            ? CommandTable.commands.map(\.name) + [HelpCommand.exitCodes]
            : command.name == CompletionCommand.entry.name ? Shell.allCases.map(\.rawValue) : []
    }

    // MARK: bash

    private static var bash: String {
        let commands = CommandTable.commands.map { command in
            let values = command.allOptions.filter { $0.value != nil }.map { option in
                let names = [option.letter, option.name].compactMap(\.self).joined(separator: "|")
                let reply =
                    option.takesFile
                    ? "compgen -f -- \"$word\"" : "compgen -W '\(option.choices.joined(separator: " "))' -- \"$word\""
                return "        \(command.name):\(names.with("|", replacedBy: "|\(command.name):")))"
                    + " COMPREPLY=($(\(reply))); return ;;"
            }
            return values.joined(separator: "\n")
        }
        let lists = CommandTable.commands.map { command in
            let list = operands(command)
            let reply =
                list.isEmpty ? "compgen -f -- \"$word\"" : "compgen -W '\(list.joined(separator: " "))' -- \"$word\""
            return """
                        \(command.name))
                            if [[ $word == -* ]]; then
                                COMPREPLY=($(compgen -W '\(words(command.allOptions))' -- "$word"))
                            else
                                COMPREPLY=($(\(reply)))
                            fi ;;
                """
        }
        return """
            # Completion of swiftlet for bash: eval "$(swiftlet completion bash)"
            _swiftlet() {
                local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}
                COMPREPLY=()
                if ((COMP_CWORD == 1)); then
                    COMPREPLY=($(compgen -W '\(CommandTable.commands.map(\.name).joined(separator: " "))' -- "$word"))
                    return
                fi
                case $command:$before in
            \(commands.filter { !$0.isEmpty }.joined(separator: "\n"))
                esac
                case $command in
            \(lists.joined(separator: "\n"))
                esac
            }
            complete -o filenames -F _swiftlet swiftlet
            """
    }

    // MARK: zsh

    private static var zsh: String {
        let commands = CommandTable.commands.map { "        '\($0.name):\(quoted($0.summary))'" }
        let cases = CommandTable.commands.map { command in
            let options = command.allOptions.flatMap(zshOptions)
            let list = operands(command)
            let rest = list.isEmpty ? "'*:file:_files'" : "'*:word:(\(list.joined(separator: " ")))'"
            return "        \(command.name)) _arguments \((options + [rest]).joined(separator: " \\\n            ")) ;;"
        }
        return """
            #compdef swiftlet
            # Completion of swiftlet for zsh: swiftlet completion zsh > "${fpath[1]}/_swiftlet"
            _swiftlet() {
                local -a commands
                commands=(
            \(commands.joined(separator: "\n"))
                )
                if ((CURRENT == 2)); then
                    _describe command commands
                    return
                fi
                local command=$words[2]
                shift words
                ((CURRENT--))
                case $command in
            \(cases.joined(separator: "\n"))
                esac
            }
            if [[ $funcstack[1] == _swiftlet ]]; then _swiftlet "$@"; else compdef _swiftlet swiftlet; fi
            """
    }

    private static func zshOptions(_ option: Option) -> [String] {
        let help = quoted(option.help.prefix { $0 != "." }.with("[", replacedBy: "(").with("]", replacedBy: ")"))
        let action =
            option.takesFile ? "_files" : option.choices.isEmpty ? "" : "(\(option.choices.joined(separator: " ")))"
        let value = option.value == nil ? "" : ":value:" + action
        let star = option.isRepeatable ? "*" : ""
        return [option.letter, option.name].compactMap(\.self).map { "'\(star)\($0)[\(help)]\(value)'" }
    }

    /// Without what would end the quotes, or a field of zsh's.
    private static func quoted(_ text: some StringProtocol) -> String {
        text.with("'", replacedBy: "’").with(":", replacedBy: "\\:")
    }

    // MARK: fish

    private static var fish: String {
        var lines = [
            "# Completion of swiftlet for fish: swiftlet completion fish > ~/.config/fish/completions/swiftlet.fish",
            "complete -c swiftlet -f",
        ]
        for command in CommandTable.commands {
            let summary = command.summary.with("'", replacedBy: "’")
            lines.append("complete -c swiftlet -n __fish_use_subcommand -a \(command.name) -d '\(summary)'")
            let condition = "-n '__fish_seen_subcommand_from \(command.name)'"
            lines += command.allOptions.map { option in
                let letter = option.letter.map { " -s \($0.dropFirst())" } ?? ""
                let files = option.takesFile ? " -r -F" : option.value == nil ? "" : " -x"
                let choices = option.choices.isEmpty ? "" : " -a '\(option.choices.joined(separator: " "))'"
                let help = option.help.prefix { $0 != "." }.with("'", replacedBy: "’")
                let name = option.name.dropFirst(2)
                return "complete -c swiftlet \(condition)\(letter) -l \(name)\(files)\(choices) -d '\(help)'"
            }
            let list = operands(command)
            if !list.isEmpty {
                lines.append("complete -c swiftlet \(condition) -a '\(list.joined(separator: " "))'")
            } else if command.operands.contains("FILE") {
                lines.append("complete -c swiftlet \(condition) -F")
            }
        }
        return lines.joined(separator: "\n")
    }
}

extension StringProtocol {
    /// The text with another one in the place of each `character`.
    fileprivate func with(_ character: Character, replacedBy text: String) -> String {
        reduce(into: "") { $0 += $1 == character ? text : String($1) }
    }
}
