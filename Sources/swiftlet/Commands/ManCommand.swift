/// `swiftlet man`: the manual page.
enum ManCommand {
    static let entry = CommandEntry(
        "man", "print the manual page, in roff",
        examples: [("swiftlet man | man -l -", "read it"), ("swiftlet man > swiftlet.1", "keep it")],
        synonyms: ["manual"],
        execute: { _ in
            Terminal.print(ManualPage.text(version: Swiftlet.version))
            return .success
        })
}
