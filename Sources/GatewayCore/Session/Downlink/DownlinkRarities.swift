import Time

/// What few sessions ever need of a `Downlink`; it takes no room before there is something to say.
///
/// Reading it makes nothing; whoever changes it asks `isEmpty` first, where that may be nothing to say.
struct DownlinkRarities: Sendable {
    private struct Content: Sendable {
        var aside = SetAside()
        var memory = BrokerMemory()
        var drops = DropReports()
        var passesOnAt: Instant?
    }

    /// One, or none.
    private var content: [Content] = []

    var isEmpty: Bool { content.isEmpty }

    var aside: SetAside {
        get { content.first?.aside ?? SetAside() }
        _modify {
            makeContent()
            yield &content[0].aside
        }
    }

    var asideCount: Int { content.isEmpty ? 0 : content[0].aside.count }

    /// When what was set aside is tried again, or more goes past what is not answered; nil where neither is to be done.
    var nextAttempt: Instant? {
        guard !content.isEmpty else { return nil }
        guard let passesOnAt, let other = content[0].aside.nextAttempt else {
            return passesOnAt ?? content[0].aside.nextAttempt
        }
        return min(passesOnAt, other)
    }

    /// When more of QoS 0 goes past what the client does not answer; nil where nothing more is to.
    var passesOnAt: Instant? {
        get { content.isEmpty ? nil : content[0].passesOnAt }
        set {
            guard newValue != nil || !content.isEmpty else { return }
            makeContent()
            content[0].passesOnAt = newValue
        }
    }

    var memory: BrokerMemory {
        get { content.first?.memory ?? BrokerMemory() }
        _modify {
            makeContent()
            yield &content[0].memory
        }
    }

    var drops: DropReports {
        get { content.first?.drops ?? DropReports() }
        _modify {
            makeContent()
            yield &content[0].drops
        }
    }

    private mutating func makeContent() {
        if content.isEmpty { content.append(Content()) }
    }
}
