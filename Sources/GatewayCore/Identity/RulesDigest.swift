// What tells the owner's rules of one life of the gateway from those of another.

extension ClientRule {
    /// A hash of all that rules say but their passwords, which may change; the same in every process. Nil for no rules.
    static func digest(of rules: [ClientRule]) -> UInt64? {
        guard !rules.isEmpty else { return nil }
        var digest = IdentityDigest()
        for rule in rules { rule.add(to: &digest) }
        return digest.value
    }

    private func add(to digest: inout IdentityDigest) {
        digest.add([clientID])
        for places in [links, networks] {
            digest.add(places?.map { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] })
        }
        digest.add(isDenied ? 1 : 0)
        for text in [brokerClientID, username, certificateFile, keyFile, topicPrefix] { digest.add(text.map { [$0] }) }
        digest.add(publish)
        digest.add(subscribe)
        digest.add(maximumQoS)
        digest.add(passesRetain ? 1 : 0)
    }
}
