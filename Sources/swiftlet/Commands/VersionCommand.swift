/// `swiftlet version`: which version this is.
enum VersionCommand {
    static let entry = CommandEntry(
        "version", "say which version this is",
        execute: { _ in
            Terminal.print("swiftlet \(Swiftlet.version)")
            return .success
        })
}
