import Glibc

/// A test as its source shows it: where it is, what it is called, and which obligations it names.
struct NamedTest {
    var file: String
    var name: String

    /// The ids of the form `GW-nn` or `AMB-nn` in the name.
    var ids: Set<String> {
        Set(name.split { !($0.isLetter || $0.isNumber || $0 == "-") }.map(String.init).filter(Self.isID))
    }

    private static func isID(_ word: String) -> Bool {
        let parts = word.split(separator: "-", omittingEmptySubsequences: false)
        return parts.count == 2 && (parts[0] == "GW" || parts[0] == "AMB") && parts[1].count == 2
            && parts[1].allSatisfy(\.isNumber)
    }
}

/// The repository's files, read without more than the C library.
enum TestSources {
    /// The directory of the package, which is two above this file's.
    static let root: String = {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        return parts.dropLast(3).joined(separator: "/")
    }()

    /// Every test in `Tests` that has a display name, file by file in alphabetical order.
    static func namedTests() -> [NamedTest] {
        files(under: root + "/Tests", suffix: ".swift").flatMap { path in
            let file = String(path.dropFirst(root.utf8.count + 1))
            return names(in: text(of: path)).map { NamedTest(file: file, name: $0) }
        }
    }

    /// The string literals that follow `@Test(`, in order.
    static func names(in source: String) -> [String] {
        var names: [String] = []
        var rest = source[...]
        while let marker = range(of: "@Test(", in: rest) {
            rest = rest[marker.upperBound...].drop { $0.isWhitespace }
            guard rest.first == "\"" else { continue }
            let name = rest.dropFirst().prefix { $0 != "\"" }
            names.append(String(name))
            rest = rest[name.endIndex...]
        }
        return names
    }

    private static func range(of word: String, in text: Substring) -> Range<Substring.Index>? {
        var start = text.startIndex
        while let index = text[start...].firstIndex(of: "@") {
            if text[index...].hasPrefix(word) { return index..<text.index(index, offsetBy: word.count) }
            start = text.index(after: index)
        }
        return nil
    }

    /// The paths of all files below a directory whose names end with `suffix`.
    static func files(under directory: String, suffix: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var paths: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard !name.hasPrefix(".") else { continue }
            let path = directory + "/" + name
            if entry.pointee.d_type == UInt8(DT_DIR) {
                paths += files(under: path, suffix: suffix)
            } else if name.hasSuffix(suffix) {
                paths.append(path)
            }
        }
        return paths.sorted()
    }

    /// A file's text; empty where it cannot be read.
    static func text(of path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var portion = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&portion, 1, portion.count, file), count > 0 {
            bytes.append(contentsOf: portion[0..<count])
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
