import Configuration
import GatewayCore
import Testing

/// Proves that no file, however large, deep or senseless, harms the reader.
@Suite struct BoundsTests {
    @Test func aFileOfOneMebibyteIsReadAndALongerOneIsNot() {
        let bytes = [UInt8](repeating: UInt8(ascii: "\n"), count: 1_048_576)
        #expect(errors(bytes) == "")
        #expect(errors(bytes + [0x0A]) == "f.toml:1:1: the file is longer than 1048576 bytes")
    }

    @Test(arguments: [
        ("a = " + String(repeating: "[", count: 1_000_000), 21),
        ("a = " + String(repeating: "{a=", count: 300_000), 53),
        ("[" + String(repeating: "a.", count: 500_000), 34), (String(repeating: "a.", count: 500_000), 33),
        ("[a.a.a.a.a.a.a.a]\n" + String(repeating: "b.", count: 9) + "b = 1", 17),
    ])
    func nestingIsBounded(text: String, column: Int) {
        let line = text.contains("\n") ? 2 : 1
        #expect(errors(text) == "f.toml:\(line):\(column): tables and arrays are nested more than 16 deep")
    }

    @Test func atMostAHundredErrorsAreReported() {
        let text = (0..<1_000).map { "wrong\($0) = 1\n" }.joined()
        guard case .failure(let errors) = settings(text) else {
            Issue.record("a file of unknown keys was accepted")
            return
        }
        #expect(errors.errors.count == SettingsReader.maximumErrorCount)
        #expect(errors.errors.last?.line == SettingsReader.maximumErrorCount)
    }

    @Test func upTo64ListenersAreTaken() throws {
        func file(_ count: Int) -> String { (1...count).map { "[[udp]]\nlisten = 'udp://127.0.0.1:\($0)'\n" }.joined() }
        #expect(try settings(file(64)).get().gateway.links.count == 64)
        #expect(errors(file(65)) == "f.toml:1:3: there must be 1 to 64 [[udp]] listeners; found 65")
    }

    /// 200,000 files in all, in parts that can run side by side.
    @Test(arguments: 0..<8 as Range<UInt64>)
    func anyBytesGiveSettingsOrErrorsInsideTheFile(seed: UInt64) throws {
        var generator = SplitMix64(state: seed)
        let samples = try Fuzzing.samples()
        for _ in 0..<25_000 {
            let bytes = Fuzzing.file(from: samples, &generator)
            switch SettingsReader.read(bytes, file: "f") {
            case .success(let settings):
                try #require(
                    settings.gateway.links.count == settings.host.listeners.count + settings.host.serialPorts.count,
                    "\(bytes)")
            case .failure(let errors):
                try #require(Fuzzing.arePlaced(errors.errors, inside: bytes), "\(errors) in \(bytes)")
            }
        }
    }
}

/// Makes files that are nearly configurations, and looks at where their errors are said to be.
private enum Fuzzing {
    /// The lines of the example file, and TOML that it does not use.
    static func samples() throws -> [[UInt8]] {
        let lines = try ExampleFile().complete.split(separator: "\n").filter { !$0.hasPrefix("#") }
        let others = [
            "a.b.'c' = [1, [2.5e3,], {x = 0xFF, y.z = true}]", "s = \"\\u00e9\\U0001F600\\n\"", "d = 1979-05-27",
            "[a.b.c]", "[[a.b]]", "m = \"\"\"", "# é😀", "udp = [{listen = 'udp://[::1]:1'}]", "i = -0b1_0",
        ]
        return (lines.map(String.init) + others).map { Array($0.utf8) }
    }

    static func file(from samples: [[UInt8]], _ generator: inout SplitMix64) -> [UInt8] {
        let kind = generator.next() % 4
        if kind == 0 {
            return (0..<generator.next() % 24).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        }
        if kind == 1 {
            let alphabet = Array("[]{}=.,'\"#\\ \t\r\n_-+:0129eExuab".utf8)
            return (0..<generator.next() % 24).map { _ in alphabet[Int(generator.next() % UInt64(alphabet.count))] }
        }
        var bytes: [UInt8] = []
        for _ in 0...generator.next() % 3 {
            bytes += samples[Int(generator.next() % UInt64(samples.count))] + [0x0A]
        }
        for _ in 0..<generator.next() % 4 where !bytes.isEmpty {
            let index = Int(generator.next() % UInt64(bytes.count))
            switch generator.next() % 4 {
            case 0: bytes.remove(at: index)
            case 1: bytes.insert(UInt8(truncatingIfNeeded: generator.next()), at: index)
            case 2: bytes[index] ^= 1 << UInt8(generator.next() % 8)
            default: bytes.removeSubrange(index...)
            }
        }
        return bytes
    }

    /// Whether there are errors, sorted, each at a character of the file or just behind a line.
    static func arePlaced(_ errors: [ConfigurationError], inside bytes: [UInt8]) -> Bool {
        guard !errors.isEmpty else { return false }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        var last = (0, 0)
        for error in errors {
            guard 1...lines.count ~= error.line, 1...(lines[error.line - 1].count + 1) ~= error.column,
                last <= (error.line, error.column), !error.message.isEmpty
            else { return false }
            last = (error.line, error.column)
        }
        return true
    }
}

/// A small generator with a seed, so that a failure can be repeated.
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
