// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging.Control;
using Physr.Paging.Stores;

namespace Physr.Paging.Protocol;

/// <summary>What a client says of a region: with it go the descriptors of its userfaultfd, its window, its control file, its doorbell, and its store's.</summary>
/// <param name="Id">The client's number for it.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Address">Where the client mapped the window.</param>
/// <param name="BudgetPages">Pages that may be in the window.</param>
/// <param name="ProcessId">The client's process, as it sees itself: to look up where its threads run.</param>
/// <param name="Store">Where the bytes are.</param>
internal sealed record RegionSpec(uint Id, ulong Length, ulong Address, ulong BudgetPages, uint ProcessId, StoreSpec Store)
{
    /// <summary>The version of what is said here and in the control file.</summary>
    public const uint Version = 1;

    /// <summary>Descriptors before the store's.</summary>
    public const int OwnDescriptors = 4;

    /// <summary>Appends it to a message.</summary>
    public void Write(ref MessageWriter writer)
    {
        writer.Write(Version);
        writer.Write(Id);
        writer.Write(Length);
        writer.Write(Address);
        writer.Write(BudgetPages);
        writer.Write(ProcessId);
        Span<byte> store = stackalloc byte[StoreSpec.MostBytes];
        writer.Write(store[..Store.Write(store)]);
    }

    /// <summary>Takes the rest of a message, and believes nothing.</summary>
    public static Errno TryRead(ref MessageReader reader, out RegionSpec? spec, out string reason)
    {
        spec = null;
        reason = "";
        uint version = reader.ReadUInt32();
        (uint id, ulong length, ulong address, ulong budget, uint process) = (reader.ReadUInt32(), reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadUInt32());
        if (reader.IsShort)
        {
            reason = "the message ends within the region's description";
            return Errno.EINVAL;
        }

        if (version != Version)
        {
            reason = $"the client speaks version {version}, this pager {Version}: use the library and the pager of one build";
            return Errno.EINVAL;
        }

        const ulong page = ControlLayout.PageBytes;
        if (length == 0 || length % page != 0 || length / page > ControlLayout.MostPages)
        {
            reason = $"a region has 4096 bytes to {ControlLayout.MostPages * page}, in whole pages; it says {length}";
        }
        else if (address == 0 || address % page != 0 || address > (1ul << 56) - length)
        {
            reason = $"the window's address 0x{address:x} is none";
        }
        else if (budget == 0 || budget > ControlLayout.MostPages)
        {
            reason = $"the budget is at least one page and at most {ControlLayout.MostPages}; it says {budget}";
        }
        else if (StoreSpec.TryParse(reader.Rest, out StoreSpec? store, out string why))
        {
            spec = new(id, length, address, budget, process, store!);
            return Errno.None;
        }
        else
        {
            reason = "the store: " + why;
        }

        return Errno.EINVAL;
    }
}
