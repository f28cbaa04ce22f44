import FuzzTargets
import Testing
import Transports

@testable import GatewayCore

/// What the fuzzer begins with, and every input that once showed a bug, through the fuzzer's own targets; all of them
/// here, where the core's invariants are.
@Suite struct FuzzCorpusTests {

    static func file(of target: FuzzTarget) throws -> FuzzFile {
        let folder = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let path = "/\(folder)/Fuzz/\(target.rawValue).txt"
        return FuzzFile(text: try FileReader.read(path: path, maximumByteCount: 1_000_000))
    }

    private func fault(in bytes: [UInt8], of target: FuzzTarget) -> String? {
        let span = bytes.span
        return target.fault(in: span.bytes) { gateway, peers, streams, limits in
            gateway.brokenInvariants(peers: peers, streams: streams, limits: limits)
        }
    }

    @Test("GW-90 No input of the fuzzer's files shows a fault", arguments: FuzzTarget.allCases)
    func corpus(target: FuzzTarget) throws {
        let file = try Self.file(of: target)
        #expect(file.brokenLines == [])
        #expect(file.inputs.count > 10)
        for input in file.inputs {
            let fault = fault(in: input.bytes, of: target)
            #expect(fault == nil, "\(target.rawValue).txt:\(input.line)")
        }
    }

    /// A shortened input is another one, and as harmless.
    @Test("GW-90 No beginning of a script shows a fault") func beginnings() throws {
        for input in try Self.file(of: .core).inputs {
            for count in 0..<input.bytes.count {
                let fault = fault(in: Array(input.bytes[..<count]), of: .core)
                #expect(fault == nil, "Core.txt:\(input.line), \(count) octets")
            }
        }
    }

    /// What is looked at inside the core is looked at: a fault there is the target's.
    @Test func inspection() {
        let bytes: [UInt8] = [0, 0, 0]
        let span = bytes.span
        let fault = FuzzTarget.core.fault(in: span.bytes) { _, _, _, _ in ["broken"] }
        #expect(fault == "event 1: deadlineReached: broken")
    }

    @Test(arguments: [
        ("# comment\n\n00 ff # two\n\"a\\n\\x41\\\\\\\"\"", [[0x00, 0xFF], [0x61, 0x0A, 0x41, 0x5C, 0x22]], []),
        ("0\nxx\n\"a\n\"\\q\"\n\"\\x4\"\n00", [[0x00]], [1, 2, 3, 4, 5]),
    ])
    func files(text: String, inputs: [[UInt8]], brokenLines: [Int]) {
        let file = FuzzFile(text: Array(text.utf8))
        #expect(file.inputs.map(\.bytes) == inputs)
        #expect(file.brokenLines == brokenLines)
    }
}
