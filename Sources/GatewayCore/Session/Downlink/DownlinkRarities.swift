import Time

/// What few sessions ever need of a `Downlink`; it takes no room before there is something to say.
///
/// Reading it makes nothing; whoever changes it asks `isEmpty` first, where that may be nothing to say.
struct DownlinkRarities: Sendable {
    private struct Content: Sendable {
        var aside = SetAside()
        var memory = BrokerMemory()
        var drops = DropReports()
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

    /// When what was set aside is tried again; nil where nothing was.
    var nextAttempt: Instant? { content.isEmpty ? nil : content[0].aside.nextAttempt }

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
