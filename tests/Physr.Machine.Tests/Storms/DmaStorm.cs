// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Scenarios;
using Physr.Machine.Simulation;

namespace Physr.Machine.Tests.Storms;

/// <summary>One seeded run of random maps, unmaps, accesses, revokes, unplugs and ACS changes on the machine, against what every byte and every refusal should be.</summary>
internal sealed partial class DmaStorm : IDisposable
{
    private const int MostLive = 48;
    private const int MostStale = 32;

    private readonly SeededRandom _random;
    private readonly StormHost _host;
    private readonly List<StormMapping> _live = [];
    private readonly List<StormMapping> _stale = [];
    private readonly bool _isStrict;
    private readonly bool _isTranslated;
    private readonly bool _hasBusOffset;
    private readonly ulong _reservedRuns;
    private readonly byte[] _bytes = new byte[64];

    public DmaStorm(ulong seed, IommuSpec? iommu, ulong busOffset)
    {
        _random = new(seed);
        _host = new(iommu, _random, busOffset);
        _isTranslated = iommu is { Policy: IommuPolicy.Strict or IommuPolicy.Lazy };
        _isStrict = iommu is { Policy: IommuPolicy.Strict };
        _hasBusOffset = busOffset != 0;
        _reservedRuns = _host.Machine.Iommu?.LiveRuns ?? 0;
        Importers();
    }

    /// <summary>What happened how often: a storm in which something never happens proves nothing of it.</summary>
    public Dictionary<string, int> Counts { get; } = new(StringComparer.Ordinal);

    public void Step()
    {
        switch (_random.Below(1000))
        {
            case < 200:
                Map();
                break;
            case < 380:
                Unmap();
                break;
            case < 840:
                Access();
                break;
            case < 900:
                AccessStale();
                break;
            case < 940:
                WriteAsCpu();
                break;
            case < 955:
                FlipRedirect();
                break;
            case < 985:
                MapSlices();
                break;
            case < 999:
                SwitchMemory();
                break;
            default:
                // Rarer than a thousandth, so that a storm has most of its time with all devices in.
                if (_random.Below(8) == 0)
                {
                    Unplug();
                }

                break;
        }
    }

    /// <summary>Gives everything back and looks at what is left.</summary>
    public void Finish()
    {
        while (_live.Count > 0)
        {
            End(_live.Count - 1);
        }

        for (int i = 0; i < StormHost.Devices; i++)
        {
            CloseSlices(i);
            Assert.Equal((0L, 0L), (_host.Dma(i).ActiveMappings, _host.Dma(i).MappedBytes));
        }

        _host.Machine.Iommu?.Flush();
        Assert.Equal(0, _host.Machine.Mapper.ActiveMappings);
        Assert.Equal(_reservedRuns, _host.Machine.Iommu?.LiveRuns ?? 0);
        Assert.All(_host.Machine.Map.Providers, static provider => Assert.Equal(0, provider.ActiveUses));
        Assert.Equal(0, _host.Machine.Map.DescriptorCount);
        Assert.All(_host.Memories, static memory => Assert.True(memory.FindDifference() < 0, $"{memory.Name} differs at 0x{memory.FindDifference():x}"));
    }

    public void Dispose() => _host.Dispose();

    private void Count(string what) => Counts[what] = Counts.GetValueOrDefault(what) + 1;

    private int Pick(int count) => (int)_random.Below((ulong)count);

    private void End(int index)
    {
        StormMapping mapping = _live[index];
        _live[index] = _live[^1];
        _live.RemoveAt(_live.Count - 1);
        mapping.End();
        Remember(mapping);
    }

    /// <summary>Notes what a device might still try. What was there before at the same addresses is not what a late access could reach any more.</summary>
    private void Remember(StormMapping mapping)
    {
        _stale.RemoveAll(older => older.Client == mapping.Client && older.Pieces.Any(piece => !piece.IsBusAddress && Covers(mapping, Granules(piece.Addresses))));
        if (_stale.Count == MostStale)
        {
            _stale.RemoveAt(Pick(MostStale));
        }

        _stale.Add(mapping);
    }

    private void Unmap()
    {
        if (_live.Count > 0)
        {
            End(Pick(_live.Count));
            Count("unmap");
        }
    }

    private void WriteAsCpu()
    {
        StormMemory memory = _host.Memories[Pick(_host.Memories.Count)];
        Span<byte> bytes = _bytes.AsSpan(0, 1 + Pick(_bytes.Length));
        _random.Fill(bytes);
        memory.Write(_random.Below(memory.Range.Length - (ulong)bytes.Length), bytes);
    }

    private void FlipRedirect()
    {
        int device = Pick(StormHost.Devices);
        if (_host.HasPort(device))
        {
            _host.FlipRedirect(device);
            Count("ACS change");
        }
    }

    private void SwitchMemory()
    {
        int device = Pick(StormHost.Devices);
        if (!_host.IsPresent(device))
        {
            return;
        }

        bool on = !_host.DecodesMemory(device);
        _host.SetMemory(device, on);
        Count(on ? "un-revoke" : "revoke");
        ForgetRevoked(device);
        Assert.True(on || _host.Buffers[device].ActiveMappings == 0, "a mapping survived the revoke");
    }

    /// <summary>A device is pulled out. Until its driver notices, what is mapped stays mapped and every access fails; then the driver lets go of everything.</summary>
    public void Unplug()
    {
        int device = Pick(StormHost.Devices);
        if (!_host.IsPresent(device))
        {
            return;
        }

        _host.Machine.Fabric.Remove(_host.Node(device));
        Count("unplug");
        for (int i = 0; i < 20; i++)
        {
            Access();
        }

        for (int i = _live.Count - 1; i >= 0; i--)
        {
            if (_live[i].Client == device || _live[i].Pieces.Any(piece => piece.Memory.Owner == device))
            {
                End(i);
            }
        }

        CloseSlices(device);
        _host.Exporters[device].Remove();
        ForgetRevoked(device);
    }
}
