/// The table at the end, and the sentence under it.
struct Summary {
    private let ledger: Ledger
    private let forwardedCount: Int
    private let radioCount: Int
    private let narrator: Narrator

    private static let nameWidth = 14
    private static let numberWidth = 10

    /// `forwardedCount` and `radioCount` say how many messages the forwarder and the radio network passed on.
    init(_ ledger: Ledger, forwardedCount: Int, radioCount: Int, narrator: Narrator) {
        (self.ledger, self.forwardedCount, self.radioCount) = (ledger, forwardedCount, radioCount)
        self.narrator = narrator
    }

    /// - Parameter wasInterrupted: The account is not complete, so what is missing is not a fault.
    func tell(wasInterrupted: Bool) {
        narrator.say("")
        narrator.say(narrator.styled(header, .dim))
        for account in ledger.accounts { narrator.say(row(account)) }
        narrator.say("")
        tellWill()
        tellWaiting()
        tellNetwork()
        if wasInterrupted {
            narrator.say(narrator.styled("Ended early: this is how far it came.", .warning))
            return
        }
        let complaints = ledger.complaints
        for complaint in complaints { narrator.say(narrator.styled("✗ \(complaint)", .bad)) }
        if complaints.isEmpty {
            narrator.say(narrator.styled("✓ Everything that was sent has arrived.", .good))
        }
    }

    private var header: String {
        let columns = ["QoS", "sent", "arrived", "lost", "twice", "median", "max"]
        return Text.padded("device", to: Self.nameWidth) + columns.map(Self.column).joined()
    }

    private func row(_ account: Ledger.Account) -> String {
        let latencies = account.latencies
        let isGood = account.lostCount == 0 && !account.records.isEmpty
        let columns = [
            account.plan.qos.label, "\(account.records.count)", "\(account.arrivedCount)", "\(account.lostCount)",
            "\(account.duplicateCount)",
            latencies.isEmpty ? "–" : Text.milliseconds(latencies[latencies.count / 2]) + " ms",
            latencies.last.map { Text.milliseconds($0) + " ms" } ?? "–",
        ]
        return narrator.styled(Text.padded(account.plan.name, to: Self.nameWidth), isGood ? .device : .bad)
            + columns.map(Self.column).joined()
    }

    private static func column(_ text: String) -> String { Text.rightAligned(text, to: numberWidth) }

    private func tellWill() {
        guard case .appeared(let delay) = ledger.will else { return }
        let keepAlive = House.keepAliveOfMortal
        narrator.say(
            "The \(House.mortalName)'s Will appeared \(Text.seconds(delay)) s after its death:"
                + " keep-alive \(keepAlive) s and half of it again, from its last message.")
    }

    private func tellWaiting() {
        for account in ledger.accounts {
            let times = account.waitingTimes
            guard let longest = times.last else { continue }
            narrator.say(
                "The \(account.plan.listener) slept: \(times.count) messages waited"
                    + " \(Text.seconds(times[times.count / 2])) s for it (median; at most"
                    + " \(Text.seconds(longest)) s), which the table leaves out.")
        }
    }

    private func tellNetwork() {
        narrator.say("The forwarder passed on \(forwardedCount) messages for \(House.nodeIDs.count) nodes.")
        narrator.say("The XBee's radio network carried \(radioCount) messages for \(House.radioNodes.count) nodes.")
        guard ledger.advertiseCount > 0 else { return }
        narrator.say(
            "ADVERTISEs of the gateway that were heard, every \(House.advertiseInterval) s: \(ledger.advertiseCount).")
    }
}
