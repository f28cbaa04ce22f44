import GatewayCore

/// A serial line that now and then loses an octet, changes one, or carries some that nobody sent.
package struct LineNoise: Sendable {
    /// Of a million octets, how many.
    package var lostPerMillion = 0
    package var changedPerMillion = 0
    /// Of a million octets, before how many garbage stands.
    package var garbagePerMillion = 0

    private var random: RandomNumbers
    /// How often something was done to the octets.
    package private(set) var damageCount = 0

    package init(seed: UInt64) { random = RandomNumbers(seed: seed) }

    package var isQuiet: Bool { lostPerMillion == 0 && changedPerMillion == 0 && garbagePerMillion == 0 }

    /// What arrives of `bytes`.
    package mutating func carried(_ bytes: [UInt8]) -> [UInt8] {
        guard !isQuiet else { return bytes }
        var carried: [UInt8] = []
        carried.reserveCapacity(bytes.count)
        for octet in bytes {
            if rolls(garbagePerMillion) {
                for _ in 0..<Int.random(in: 1...20, using: &random) {
                    carried.append(UInt8.random(in: 0...255, using: &random))
                }
            }
            if rolls(lostPerMillion) { continue }
            carried.append(rolls(changedPerMillion) ? octet ^ UInt8(1 << Int.random(in: 0...7, using: &random)) : octet)
        }
        return carried
    }

    private mutating func rolls(_ perMillion: Int) -> Bool {
        guard perMillion > 0, Int.random(in: 0..<1_000_000, using: &random) < perMillion else { return false }
        damageCount += 1
        return true
    }
}
