// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Machine.Offload;

/// <summary>Where a route's bytes stop on their way: a run of RAM or of a peer's memory, as a range list.</summary>
internal sealed class StagingMemory : IDisposable
{
    private readonly SimulatedMachine _machine;
    private readonly P2PPool? _pool;
    private readonly PhysicalRange _range;

    private StagingMemory(SimulatedMachine machine, P2PPool? pool, PhysicalRange range, ProviderIndex provider, string name)
    {
        _machine = machine;
        _pool = pool;
        _range = range;
        Name = name;
        List = RangeList.Of(range, provider);
    }

    /// <summary>What the memory is: <c>ram</c>, <c>nvme1 BAR 4</c>.</summary>
    public string Name { get; }

    /// <summary>The bytes.</summary>
    public RangeList List { get; }

    public static StagingMemory InRam(SimulatedMachine machine, ulong length)
    {
        Errno errno = machine.Memory.TryAllocateOrdinary(length, "staging", out PhysicalRange range);
        return errno == Errno.None
            ? new(machine, null, range, ProviderIndex.Ram, "ram")
            : throw new PhysrException("allocate staging memory", "ram", errno, $"no free run of {length} bytes");
    }

    public static StagingMemory InPool(SimulatedMachine machine, P2PPool pool, P2PProvider provider, ulong length) =>
        pool.TryAllocate(length, out PhysicalRange range)
            ? new(machine, pool, range, provider.Index, $"{provider.Owner} BAR {provider.Bar}")
            : throw new PhysrException("allocate staging memory", provider.ToString(), Errno.ENOMEM, $"the pool has {pool.AvailableBytes} bytes left, {length} are needed");

    public void Dispose()
    {
        if (_pool is null)
        {
            _machine.Memory.Free(_range);
        }
        else
        {
            _pool.Free(_range);
        }
    }
}
