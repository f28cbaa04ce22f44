import GatewaySimulator
import Testing
import Transports

/// A world that once showed a bug of the gateway, from Tests/Seeds.
struct FailedSeed: Sendable, CustomTestStringConvertible {
    var seed: UInt64
    var steps: Int
    var options: WorldOptions

    var testDescription: String { "seed \(seed)" }

    /// Those of Tests/Seeds/failed.txt; none where a line cannot be read.
    static let all: [FailedSeed] = {
        let folder = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let path = "/\(folder)/Seeds/failed.txt"
        guard let content = try? FileReader.read(path: path, maximumByteCount: 1_000_000) else { return [] }
        let lines = String(decoding: content, as: UTF8.self).split(separator: "\n").filter { !$0.hasPrefix("#") }
        let seeds = lines.compactMap { FailedSeed($0) }
        return seeds.count == lines.count ? seeds : []
    }()

    private init?(_ line: Substring) {
        let words = line.split(separator: " ")
        guard words.count == 3, let seed = UInt64(words[0]), let steps = Int(words[1]),
            let options = WorldOptions(text: String(words[2]))
        else { return nil }
        (self.seed, self.steps, self.options) = (seed, steps, options)
    }
}
