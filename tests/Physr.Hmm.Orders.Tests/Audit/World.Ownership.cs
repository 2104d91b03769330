// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm;

namespace Physr.Hmm.Orders.Tests;

/// <content>What holds at every point, in the middle of everything.</content>
internal sealed unsafe partial class World
{
    private readonly List<(Process Process, int Page, PageEntry Entry, PageKey Key)> _seen = [];

    /// <summary>A page is never owned by two sides: what somebody may write nobody else reaches, and a device uses nothing that the process's entry does not name with the same rights.</summary>
    public void CheckOwnership()
    {
        _seen.Clear();
        foreach (Process process in Processes)
        {
            if (!process.Space.IsDisposed)
            {
                foreach (int page in process.Watched)
                {
                    Look(process, page);
                }
            }
        }

        for (int one = 0; one < _seen.Count; one++)
        {
            for (int other = 0; other < _seen.Count; other++)
            {
                if (one != other && _seen[one].Key == _seen[other].Key && MayWrite(_seen[one].Entry) && Memory.PageOf(_seen[one].Key).Head.IsAnonymous)
                {
                    Assert.Fail($"{Name(one)} may write {_seen[one].Entry}, which {Name(other)} has too: {_seen[other].Entry}");
                }
            }
        }
    }

    private static bool MayWrite(PageEntry entry) => entry.IsWritable || entry.Kind is PageEntryKind.DevicePrivateWrite or PageEntryKind.DeviceExclusive or PageEntryKind.MigrationWrite;

    private string Name(int seen) => $"page {_seen[seen].Page} of {_seen[seen].Process.Space}";

    private void Look(Process process, int page)
    {
        ulong address = process.AddressOf(page).Value;
        PageEntry entry = process.Space.EntryOf(address);
        PageKey key = entry.Key.Add(entry.IsHuge ? (address & (PageSize.Size2M - 1)) >> PageSize.Shift4K : 0);
        bool isMapping = (entry.IsPresent && !entry.IsSpecial) || entry.IsDevicePrivate || entry.Kind == PageEntryKind.DeviceExclusive;
        if (isMapping)
        {
            Page named = Memory.PageOf(key);
            if (named.IsNull || named.Head.References < 1 || named.MapCount < 1 || named.Has(PageFlags.Free))
            {
                Assert.Fail($"page {page} of {process.Space}: {entry} names {named}");
            }
        }

        if (isMapping || entry.IsMigration)
        {
            _seen.Add((process, page, entry, key));
        }

        foreach (DeviceMirror mirror in process.Mirrors)
        {
            if (mirror.TryGetEntry(page, out PageKey used, out bool isWritable))
            {
                bool isTrue = (entry.IsPresent || isMapping) && used == key && (!isWritable || MayWrite(entry));
                Assert.True(isTrue, $"{mirror.Device.Name} uses {used}{(isWritable ? " to write" : "")} at page {page} of {process.Space}, whose entry is {entry}");
            }
        }
    }
}
