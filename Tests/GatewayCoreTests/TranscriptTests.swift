import Glibc
import Testing

/// Whole procedures, word for word as the files in `Transcripts` tell them.
///
/// `SWIFTLET_REWRITE_TRANSCRIPTS=1 swift test --filter Transcript` writes the files anew, for review.
@Suite struct TranscriptTests {
    @Test(
        "GW-16 GW-26 GW-73 GW-81 GW-12 GW-89 GW-86 The transcript is what is said", arguments: TranscriptScript.allCases
    )
    func transcript(script: TranscriptScript) {
        let said = script.play()
        let path = Self.directory + "/\(script.rawValue).txt"
        if getenv("SWIFTLET_REWRITE_TRANSCRIPTS") != nil { Self.write(said, to: path) }
        let written = Self.read(path)
        #expect(said.contains("→"))
        guard said != written else { return }
        let (new, old) = (said.split(separator: "\n"), written.split(separator: "\n"))
        let line = zip(new, old).prefix { $0 == $1 }.count
        Issue.record(
            """
            \(script.rawValue).txt differs from line \(line + 1) (not counting empty ones):
            written: \(line < old.count ? old[line] : "(nothing)")
            said:    \(line < new.count ? new[line] : "(nothing)")
            """)
    }

    private static let directory: String = {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        return (parts.dropLast() + ["Transcripts"]).joined(separator: "/")
    }()

    private static func read(_ path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        while case let octet = fgetc(file), octet != EOF { bytes.append(UInt8(truncatingIfNeeded: octet)) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func write(_ text: String, to path: String) {
        guard let file = fopen(path, "w") else { return }
        defer { fclose(file) }
        let bytes = Array(text.utf8)
        fwrite(bytes, 1, bytes.count, file)
    }
}
