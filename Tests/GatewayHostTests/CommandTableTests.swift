import Glibc
import Testing
import Transports

extension RealSocketTests {
    /// What is made from the table of commands: help of each, the manual page, and what shells complete with.
    @Suite(.serialized) struct CommandTableTests {
        /// The commands as the program's own help lists them.
        private static func commands() throws -> [String] {
            let help = try SwiftletCommand.run(["--help"]).output
            return help.lines.filter { $0.hasPrefix("  swiftlet ") }.map { String($0.split(separator: " ")[1]) }
        }

        private static func has(_ program: String) -> String? {
            ["/usr/bin/", "/bin/", "/usr/local/bin/"].map { $0 + program }.first { access($0, X_OK) == 0 }
        }

        private static func run(_ program: String, _ arguments: [String]) throws -> (ChildProcess.ExitReason?, String) {
            let process = try ChildProcess(program, arguments, name: "tool", in: TemporaryDirectory())
            let exit = process.waitForExit()
            return (exit, process.output + process.errorOutput)
        }

        @Test func everyCommandSaysWhatItIs() throws {
            let commands = try Self.commands()
            #expect(commands.count > 4 && commands.contains("run") && commands.contains("completion"))
            let page = try SwiftletCommand.run(["man"]).output
            for command in commands {
                let help = try SwiftletCommand.run([command, "--help"])
                #expect(help.exit == .exited(0))
                #expect(help.output.hasPrefix("usage: swiftlet \(command)"), "\(command)")
                #expect(help.output.contains("-h, --help"), "\(command)")
                #expect(help.output.contains("Exit codes: 0 "), "\(command)")
                #expect(help.output.lines.allSatisfy { $0.count <= 120 }, "\(command)")
                #expect(page.contains(".SS swiftlet \(command)"), "\(command)")
            }
        }

        /// groff finds nothing to warn of, and man shows options with their dashes.
        @Test(.enabled(if: has("groff") != nil, "groff is not installed"))
        func theManualPageIsRoff() throws {
            let groff = try #require(Self.has("groff"))
            let directory = try TemporaryDirectory()
            let page = try directory.write("swiftlet.1", SwiftletCommand.run(["man"]).output)
            let (exit, text) = try Self.run(
                groff, ["-man", "-Tutf8", "-ww", "-rLL=120n", "-P-c", "-P-b", "-P-u", page])
            #expect(exit == .exited(0))
            #expect(!text.contains("troff:"), "\(text.prefix(400))")
            for part in ["--record-limit BYTES", "EX_PROTOCOL", "/etc/swiftlet/gateway.toml"] {
                // groff writes a minus for what must be copied as one.
                #expect(text.contains(part) || text.contains(part.map { $0 == "-" ? "\u{2212}" : $0 }), "\(part)")
            }
        }

        /// bash completes commands, options, and the values that are known.
        @Test(arguments: [
            ("swiftlet ch", 1, "check"), ("swiftlet run --lis", 2, "--listen"),
            ("swiftlet run --log-level d", 3, "debug"),
            ("swiftlet completion z", 2, "zsh"), ("swiftlet help exit", 2, "exit-codes"),
        ])
        func bashCompletes(line: String, index: Int, expected: String) throws {
            let words = line.split(separator: " ").joined(separator: " ")
            let script = """
                eval "$("$0" completion bash)" || exit 9
                COMP_WORDS=(\(words)); COMP_CWORD=\(index); _swiftlet; echo "${COMPREPLY[*]}"
                """
            let program = try #require(SwiftletCommand.path)
            let (exit, text) = try Self.run("/bin/bash", ["-c", script, program])
            #expect(exit == .exited(0))
            #expect(text == expected + "\n")
        }

        /// Where these shells are, they can read what is meant for them.
        @Test(arguments: ["zsh", "fish"]) func otherShellsReadTheirs(shell: String) throws {
            let script = try SwiftletCommand.run(["completion", shell])
            #expect(script.exit == .exited(0))
            for part in ["log-level", "error warning info debug trace", "completion"] {
                #expect(script.output.contains(part), "\(part)")
            }
            guard let program = Self.has(shell) else { return }
            let file = try TemporaryDirectory().write("completion", script.output)
            let (exit, complaint) = try Self.run(program, ["-n", file])
            #expect(exit == .exited(0) && complaint.isEmpty, "\(complaint)")
        }

        /// 5M is a size, and warn is what the log itself calls that level.
        @Test func unitsAndOtherWordsAreUnderstood() throws {
            let directory = try TemporaryDirectory()
            let process = try SwiftletCommand.start(
                [
                    "run", "--listen", "udp://127.0.0.1:0", "-b", "mqtt://127.0.0.1:\(try ScriptedBroker.unusedPort())",
                    "--record", directory.path + "/trace", "--record-limit", "5M", "--log-level", "warn",
                ], in: directory)
            #expect(eventually { !directory.read("trace").isEmpty })
            #expect(process.poll() == nil)
            #expect(!process.errorOutput.contains(" info "))
        }
    }
}
