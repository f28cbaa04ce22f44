import Glibc

/// `Config/gateway.toml`, as it is and with the keys that it comments out.
struct ExampleFile {
    /// A line `key = value  # allowed`, perhaps commented out, and the line above it.
    struct KeyLine {
        var path: String
        var value: Substring
        var allowed: Substring
        var reason: Substring
        var isCommentedOut: Bool
    }

    let text: String

    init() throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        text = String(decoding: try Self.bytes(ofFileAt: "/\(root)/Config/gateway.toml"), as: UTF8.self)
    }

    private static func bytes(ofFileAt path: String) throws -> [UInt8] {
        guard let file = fopen(path, "r") else { throw MissingFile(path: path) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var byte = getc(file)
        while byte != EOF {
            bytes.append(UInt8(truncatingIfNeeded: byte))
            byte = getc(file)
        }
        return bytes
    }

    private var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

    /// The line without its `# ` when that makes it a header or a key.
    private func uncommented(_ line: Substring) -> Substring? {
        guard line.hasPrefix("# ") else { return nil }
        let rest = line.dropFirst(2)
        let name = rest.prefix { $0.isLowercase || $0 == "_" }
        return rest.hasPrefix("[") || (!name.isEmpty && rest.dropFirst(name.count).hasPrefix(" = ")) ? rest : nil
    }

    /// The file with everything switched on that it comments out, and a broker that the keys of TLS are for.
    var complete: String {
        lines.map { uncommented($0) ?? $0 }.joined(separator: "\n")
            .replacing("url = \"mqtt://", with: "url = \"mqtts://")
    }

    /// Every key of the file that has a comment of its own.
    var keyLines: [KeyLine] {
        var found: [KeyLine] = []
        var section: Substring = ""
        for (index, line) in lines.enumerated() {
            let code = uncommented(line) ?? line
            if code.hasPrefix("[") {
                section = code.drop { $0 == "[" }.prefix { $0 != "]" }
                continue
            }
            let parts = code.split(separator: "  # ", maxSplits: 1)
            guard !code.hasPrefix("#"), parts.count == 2, let equals = parts[0].firstRange(of: " = ") else { continue }
            found.append(
                KeyLine(
                    path: "\(section).\(parts[0][..<equals.lowerBound])", value: parts[0][equals.upperBound...],
                    allowed: parts[1], reason: lines[index - 1], isCommentedOut: line.hasPrefix("#")))
        }
        return found
    }
}

/// The file is not where the test expects it.
struct MissingFile: Error {
    var path: String
}
