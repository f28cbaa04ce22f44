/// The text of a file under Tests/Fuzz: inputs that a fuzzer begins with, and those that once showed a bug.
///
/// Each line is one input: hexadecimal octets with any spaces and perhaps a comment that begins with `#`, or a text in
/// double quotes with the escapes `\n`, `\r`, `\t`, `\"`, `\\` and `\xHH`. Lines that begin with `#` are comments.
package struct FuzzFile {
    /// The number of a line, from 1, and the octets that it stands for.
    package var inputs: [(line: Int, bytes: [UInt8])] = []
    /// The lines that cannot be read.
    package var brokenLines: [Int] = []

    package init(text: [UInt8]) {
        for (index, line) in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            guard let first = line.first, first != UInt8(ascii: "#") else { continue }
            if let bytes = first == UInt8(ascii: "\"") ? Self.quoted(Array(line)) : Self.hexadecimal(Array(line)) {
                inputs.append((index + 1, bytes))
            } else {
                brokenLines.append(index + 1)
            }
        }
    }

    private static func hexadecimal(_ line: [UInt8]) -> [UInt8]? {
        let digits = line.prefix { $0 != UInt8(ascii: "#") }.filter { $0 != UInt8(ascii: " ") }
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = octet(digits[index...index + 1]) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    private static func octet(_ digits: some Collection<UInt8>) -> UInt8? {
        guard digits.count == 2 else { return nil }
        return UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
    }

    private static func quoted(_ line: [UInt8]) -> [UInt8]? {
        guard line.count >= 2, line.last == UInt8(ascii: "\"") else { return nil }
        var rest = line[1..<line.count - 1]
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "n"): bytes.append(0x0A)
            case UInt8(ascii: "r"): bytes.append(0x0D)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "\""): bytes.append(UInt8(ascii: "\""))
            case UInt8(ascii: "\\"): bytes.append(UInt8(ascii: "\\"))
            case UInt8(ascii: "x"):
                guard let octet = octet(rest.prefix(2)) else { return nil }
                bytes.append(octet)
                rest = rest.dropFirst(2)
            default: return nil
            }
        }
        return bytes
    }
}
