import GatewayHost

/// `swiftlet version`: which version this is, from which commit, for which processor, by which compiler.
enum VersionCommand {
    static let entry = CommandEntry(
        "version", "say which version this is, and from which commit",
        options: [.json],
        execute: { arguments in
            Terminal.print(arguments.has(.json) ? Build.current.json : Build.current.description)
            return .success
        })
}
