import Glibc
import Testing
import Transports

/// The directory of a store belongs to one process, and to nobody else's eyes.
@Suite struct StoreDirectoryTests {
    @Test func onlyTheOwnerMayLookIn() throws {
        let place = try StorePlace()
        rmdir(place.path)
        let directory = try StoreDirectory(path: place.path)
        #expect(place.mode() == 0o700 && place.mode(of: "lock") == 0o600)
        #expect(try directory.freeByteCount() > 0)
        let wide = try StorePlace()
        chmod(wide.path, 0o755)
        let closed = try StoreDirectory(path: wide.path)
        #expect(wide.mode() == 0o700 && closed.path == wide.path)
    }

    @Test func theSecondOpenerIsToldOfTheFirst() throws {
        let place = try StorePlace()
        var first: StoreDirectory? = try StoreDirectory(path: place.path)
        #expect(throws: StoreError.inUse(path: place.path, process: getpid())) {
            try StoreDirectory(path: place.path)
        }
        let text = StoreError.inUse(path: "/s", process: 12).description
        #expect(text == "'/s' is in use by process 12: two gateways cannot share one store")
        #expect(first?.path == place.path)
        first = nil
        _ = try StoreDirectory(path: place.path)
    }

    /// Whoever held it was killed: nobody does. The child says its number by way of the lock.
    @Test func theLockDiesWithItsOwner() async throws {
        let place = try StorePlace()
        let path = place.path
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let directory = try StoreDirectory(path: path)
            kill(getpid(), SIGKILL)
            _ = directory.path
        }
        let killed = String(decoding: try place.content("lock"), as: UTF8.self)
        #expect(killed != "\(getpid())\n" && killed.count > 1)
        _ = try StoreDirectory(path: path)
        #expect(try place.content("lock") == octets("\(getpid())\n"))
    }

    @Test func whatIsNoDirectoryOfOursIsRefused() throws {
        let place = try StorePlace()
        place.write("file", "text")
        #expect(throws: StoreError.notADirectory(path: place.path + "/file")) {
            try StoreDirectory(path: place.path + "/file")
        }
        let missing = place.path + "/a/b"
        #expect(throws: StoreError.failed(IOError(operation: "create \(missing)", code: ENOENT))) {
            try StoreDirectory(path: missing)
        }
        // Only root can give a directory away, and a process of another user would be refused with EACCES anyhow.
        if geteuid() == 0 {
            chown(place.path, 1_234, 1_234)
            #expect(throws: StoreError.ownedByAnother(path: place.path, user: 1_234)) {
                try StoreDirectory(path: place.path)
            }
            chown(place.path, 0, 0)
        }
    }

    @Test func whatIsSetAsideReplacesNothing() throws {
        let place = try StorePlace()
        let directory = try StoreDirectory(path: place.path)
        for (text, name) in [("1", "a.damaged"), ("2", "a.damaged.1"), ("3", "a.damaged.2")] {
            place.write("a", text)
            #expect(try directory.setAside("a") == name)
            #expect(try place.content(name) == octets(text))
        }
        #expect(try directory.setAside("a") == nil)
        try directory.remove("a")
        #expect(try place.files.names() == ["a.damaged", "a.damaged.1", "a.damaged.2", "lock"])
    }
}
