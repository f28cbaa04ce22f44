// How a UDP link begins, and lives with addresses and interfaces that are not there, go away and come back.

import Configuration
import GatewayCore
import Transports

extension UDPLink {
    static func bind(
        _ address: SocketAddress, _ listener: UDPListener, _ loop: EventLoop
    ) throws(IOError) -> UDPTransport {
        try UDPTransport(
            binding: address, receiveBufferByteCount: listener.receiveBufferByteCount,
            maximumDatagramByteCount: 65_507, loop: loop)
    }

    // MARK: The start

    /// Opens the sockets; what is wrong for good is thrown, and what is not there yet is waited for.
    func start() throws(HostError) {
        do throws(HostError) {
            try open(isStart: true)
        } catch {
            closeSockets()
            if host.mayDoWithout(listener, error) {
                host.reporter.doesWithout(listener)
                presence.isClosed = true
            } else if error.isNotThereYet {
                wait(for: error)
            } else {
                throw error
            }
        }
        presence.look(at: host.loop.now)
        planLook()
    }

    private func open(isStart: Bool) throws(HostError) {
        let opened: UDPTransport
        do throws(IOError) {
            guard var address = SocketAddress(numeric: listener.host, port: listener.port) else {
                throw IOError.noInterface(operation: "bind \(listener.name)")
            }
            // A port that the system has chosen is the one that clients know.
            if let known = knownPort { address.port = known }
            opened = try Self.bind(address, listener, host.loop)
        } catch {
            throw .cannotListen(listener.name, error)
        }
        opened.delegate = self
        transport = opened
        knownPort = opened.localAddress.port
        host.reporter.listening(on: opened, asked: listener.receiveBufferByteCount)
        host.reporter.forwarders(listener, forwarders, on: opened.localAddress)
        host.network.opened(opened.localAddress)
        presence.isOpen(on: interface(of: opened.localAddress))
        try followGroups(isStart: isStart)
    }

    /// The name of the one interface that has the address.
    private func interface(of address: SocketAddress) -> String? {
        var bare = address
        bare.port = 0
        return host.network.addresses?[bare].flatMap(NetworkInterface.name)
    }

    /// Tries again after a pause.
    private func wait(for error: HostError) {
        presence.isNotOpen(at: host.loop.now)
        let trouble = "\(error)"
        host.reporter.waits(for: error, isNew: trouble != lastTrouble)
        lastTrouble = trouble
    }

    private func tryToOpen() {
        do throws(HostError) {
            try open(isStart: false)
            lastTrouble = nil
        } catch {
            closeSockets()
            wait(for: error)
        }
    }

    // MARK: Changes

    /// Interfaces or addresses may be others than before.
    func networkChanged() {
        guard !presence.isClosed else { return }
        guard NetworkInterface.canBeAsked else { return presence.cannotLook(at: host.loop.now) }
        followInterfaces()
        if transport == nil {
            tryToOpen()
        } else if let address = transport?.localAddress, !address.isUnspecified, !address.isOnThisMachine {
            closeSockets()
            wait(for: .cannotListen(listener.name, .noAddress(operation: "use udp://\(address)")))
        } else {
            // What is wrong for good at a start may be over soon here.
            try? followGroups(isStart: false)
        }
        presence.look(at: host.loop.now)
        planLook()
        tellCore()
    }

    var nextDeadline: UInt64? { presence.nextDeadline }

    func deadlineReached() {
        let now = host.loop.now
        if min(presence.openAt ?? .max, presence.lookAt ?? .max) <= now { networkChanged() }
        presence.settleDoubt(at: now)
        tellCore()
    }

    /// What nobody tells of is looked at each second.
    private func planLook() {
        let isWaiting = transport != nil && groups.contains { !$0.isJoined }
        var needsLook = isWaiting
        if case .noWay = presence.obstacle { needsLook = true }
        if !host.network.isTold { needsLook = needsLook || dependsOnNetwork }
        presence.lookAt = needsLook ? host.loop.now + LinkPresence.patience : nil
    }

    /// Whether something of the link can go away and come back.
    private var dependsOnNetwork: Bool {
        !groups.isEmpty || presence.hasInterfaces || transport?.localAddress.isUnspecified == false
    }

    /// Whether a datagram is for the core: not what this gateway has sent itself. One that comes in shows that the link
    /// works.
    func hears(_ source: SocketAddress, on local: LocalAddress) -> Bool {
        guard !host.network.isOwn(source) else { return false }
        if source.scopeIdentifier != 0 { peers.noteInterface(source.scopeIdentifier) }
        if presence.heard(source, on: local) { tellCore() }
        return true
    }

    /// Tells the core when the link is lost and when it has returned, and the log in few lines.
    private func tellCore() {
        guard let isLost = presence.newsForCore() else { return }
        if isLost, let obstacle = presence.obstacle {
            isLossWritten = host.reporter.lost(self, obstacle, &losses, at: host.loop.now)
        } else if isLossWritten {
            host.reporter.returned(self)
        }
        host.handle(isLost ? .linkLost(id) : .linkReturned(id))
    }

    /// Nodes and forwarders with addresses of one interface are the same when it has another number.
    private func followInterfaces() {
        for (old, new) in peers.followInterfaces() { presence.interface(old, is: new) }
        forwarders.followInterfaces()
    }

    // MARK: Groups

    /// Leaves the groups whose interface is gone or another one, and joins those that are not joined and can be.
    ///
    /// Throws at the start what is wrong for good; later it is said and tried again.
    private func followGroups(isStart: Bool) throws(HostError) {
        guard let transport else { return }
        for index in groups.indices {
            do throws(IOError) {
                let wanted = try groups[index].wantedIndex(host.network.addresses)
                if groups[index].isJoined {
                    guard groups[index].index != wanted else { continue }
                    lose(index, transport, because: nil)
                }
                let isAgain = groups[index].isOld
                try groups[index].join(transport, on: wanted, owner: self)
                host.reporter.joined(groups[index], of: self, isAgain: isAgain)
            } catch {
                guard !isStart || error.isNotThereYet else {
                    throw .cannotJoin(group: groups[index].group.name, listener: listener.name, error)
                }
                lose(index, transport, because: error)
            }
        }
    }

    /// The group's interface is gone or another one, or the group could not be joined.
    private func lose(_ index: Int, _ transport: UDPTransport, because error: IOError?) {
        let wasJoined = groups[index].isJoined
        groups[index].leave(transport)
        let trouble = error.map { "\($0)" } ?? "its interface is another one now"
        guard groups[index].lastTrouble != trouble else { return }
        groups[index].lastTrouble = trouble
        host.reporter.notJoined(groups[index], of: self, trouble, wasJoined: wasJoined)
    }
}
