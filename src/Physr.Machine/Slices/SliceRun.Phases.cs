// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Security.Cryptography;
using Physr.Dma.Sharing;
using Physr.Machine.Bus;
using Physr.Machine.Reports;
using Physr.Pci.Spec;

namespace Physr.Machine.Slices;

/// <content>What happens, in order.</content>
internal sealed partial class SliceRun
{
    /// <summary>Lends every buffer to every importer.</summary>
    private void Lend()
    {
        foreach (SliceBuffer buffer in _buffers)
        {
            Errno errno = _exporter.TryExport(buffer.Spec.Bar, 0, [.. buffer.Spec.Slices], out DmaBuf? shared);
            buffer.Shared = errno == Errno.None ? shared! : throw new PhysrException("lend slices", buffer.Spec.Name, errno, $"of BAR {buffer.Spec.Bar} of {_lender.Name}");
        }

        int ring = (_spec.InFlight + 1) * _buffers.Max(static buffer => buffer.Spec.Slices.Count);
        foreach (string name in _spec.Importers)
        {
            SliceImporter importer = new(_machine, _machine.Fabric[name], _buffers, ring);
            _importers.Add(importer);
            for (int i = 0; i < _buffers.Length; i++)
            {
                Must(importer.Attach(i), "attach", importer, i);
            }
        }

        MapAll();
    }

    private void MapAll()
    {
        foreach (SliceImporter importer in _importers)
        {
            for (int i = 0; i < _buffers.Length; i++)
            {
                if (importer.Map(i) is { } error)
                {
                    throw new PhysrException("map slices", $"{_buffers[i].Spec.Name} for {importer.Node.Name}", error.Errno, error.Detail);
                }
            }

            _machine.Iommu?.Sample();
        }
    }

    /// <summary>One importer writes new bytes into each buffer, all others read them out; the bytes are held against each other in the device and in each importer's memory.</summary>
    private void TransferAll(string when, CancellationToken cancellation)
    {
        for (int i = 0; i < _buffers.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            SliceBuffer buffer = _buffers[i];
            SliceImporter writer = _importers[i % _importers.Count];
            _content.Fill(buffer.Expected);
            writer.SetBytes(writer.WriteOffset(i), buffer.Expected);
            Move(writer, i, isWrite: true);
            Check($"{when}: {writer.Node.Name} writes {buffer.Spec.Name}", buffer.Read(), buffer.Expected);
            foreach (SliceImporter reader in _importers.Where(reader => reader != writer))
            {
                Move(reader, i, isWrite: false);
                Check($"{when}: {reader.Node.Name} reads {buffer.Spec.Name}", reader.GetBytes(reader.ReadOffset(i), buffer.Spec.Length), buffer.Expected);
            }
        }
    }

    /// <summary>Fills every importer's queue, switches memory decoding off with the transfers under way, and lets the machine run until nothing is mapped.</summary>
    private void TakeBack(List<string> reasons, CancellationToken cancellation)
    {
        foreach (SliceImporter importer in _importers)
        {
            for (int n = 0; n < _spec.InFlight; n++)
            {
                // Each writes what it wrote before and reads the rest: whatever the order, the right bytes are known.
                int buffer = n % _buffers.Length;
                Must(importer.Start(buffer, isWrite: _importers[buffer % _importers.Count] == importer), "start transfer", importer, buffer);
            }
        }

        _inFlight = _importers.Sum(static importer => importer.InFlight);
        BarSliceChange change = _exporter.BeginMemoryEnabled(false);
        Advance(change, cancellation);
        _revokes += _buffers.Length;
        SetDecoding(isOn: false);
        foreach (SliceBuffer buffer in _buffers)
        {
            if (buffer.Shared.ActiveMappings != 0)
            {
                throw new PhysrException("revoke", buffer.Spec.Name, Errno.EBUSY, "a mapping survived");
            }
        }

        for (int i = 0; i < _buffers.Length; i++)
        {
            string name = _buffers[i].Spec.Name;
            Check($"in flight: {name} in {_lender.Name}", _buffers[i].Read(), _buffers[i].Expected);
            foreach (SliceImporter reader in _importers.Where(reader => reader != _importers[i % _importers.Count] && i < _spec.InFlight))
            {
                Check($"in flight: {reader.Node.Name} reads {name}", reader.GetBytes(reader.ReadOffset(i), _buffers[i].Spec.Length), _buffers[i].Expected);
            }
        }

        reasons.Add($"{_lender.Name} took {_buffers.Length} buffers back with {_inFlight} transfers in flight; all of them ended well first");
    }

    /// <summary>Maps and attaches again, and uses the addresses of before: all of it has to be refused, and to change no byte.</summary>
    private void TouchWhatIsGone(List<string> reasons)
    {
        SliceImporter stranger = _importers[0];
        for (int i = 0; i < _buffers.Length; i++)
        {
            string name = _buffers[i].Spec.Name;
            Refuse(_buffers[i].Shared.TryAttach(stranger, stranger.Device, out _), "attach", name);
            foreach (SliceImporter importer in _importers)
            {
                Refuse(importer.Map(i)?.Errno ?? Errno.None, "map", name);
                byte[] before = importer.GetBytes(importer.ReadOffset(i), _buffers[i].Spec.Length);
                Touch(importer, i, isWrite: false);
                Check($"revoked: {importer.Node.Name} reads {name}", importer.GetBytes(importer.ReadOffset(i), _buffers[i].Spec.Length), before, isCounted: false);

                // Other bytes than those that are there, so that one that arrived would show.
                byte[] other = [.. _buffers[i].Expected.Select(static value => (byte)~value)];
                importer.SetBytes(importer.WriteOffset(i), other);
                Touch(importer, i, isWrite: true);
                Check($"revoked: {importer.Node.Name} writes {name}", _buffers[i].Read(), _buffers[i].Expected, isCounted: false);
            }
        }

        foreach (IGrouping<(string Importer, string Status), RefusedAccess> group in _refused.GroupBy(static access => (access.Importer, access.Status)))
        {
            reasons.Add($"after that, {group.Count()} accesses of {group.Key.Importer} to addresses it had before ended in {group.Key.Status}");
        }
    }

    private void GiveOut(CancellationToken cancellation)
    {
        SetDecoding(isOn: true);
        Advance(_exporter.BeginMemoryEnabled(true), cancellation);
        MapAll();
    }

    private void Touch(SliceImporter importer, int buffer, bool isWrite)
    {
        BusStatus status = importer.TouchStale(buffer, isWrite);
        string access = isWrite ? "write" : "read";
        _refused.Add(status != BusStatus.Success
            ? new(importer.Node.Name, _buffers[buffer].Spec.Name, access, status.ToString())
            : throw new PhysrException(access, $"{_buffers[buffer].Spec.Name} by {importer.Node.Name}", Errno.EIO, "an access after the revoke went through"));
    }

    private void Refuse(Errno errno, string operation, string name)
    {
        _refusedMappings += errno == Errno.ENODEV ? 1 : throw new PhysrException(operation, name, errno, "it is revoked, and the answer should be ENODEV");
    }

    private void Move(SliceImporter importer, int buffer, bool isWrite)
    {
        Must(importer.Start(buffer, isWrite), "start transfer", importer, buffer);
        while (importer.InFlight != 0)
        {
            StepUnless(importer.Pump(), "transfer");
        }

        ThrowOnFailure();
    }

    private void Advance(BarSliceChange change, CancellationToken cancellation)
    {
        while (!change.TryAdvance())
        {
            cancellation.ThrowIfCancellationRequested();
            bool any = false;
            _importers.ForEach(importer => any |= importer.Pump());
            StepUnless(any, "revoke");
        }

        ThrowOnFailure();
        Must(change.Errno, "switch memory decoding", _importers[0], 0);
    }

    private void StepUnless(bool any, string operation)
    {
        if (!any && !_machine.Scheduler.Step())
        {
            throw new PhysrException(operation, _lender.Name, Errno.ETIMEDOUT, "nothing is under way that could end it");
        }
    }

    private void ThrowOnFailure()
    {
        if (_importers.Select(static importer => importer.Failure).FirstOrDefault(static failure => failure is not null) is { } failure)
        {
            throw new PhysrException("transfer", _lender.Name, Errno.EIO, failure);
        }
    }

    private void SetDecoding(bool isOn)
    {
        PciCommand command = _lender.Config.Command;
        _lender.Config.WriteWord(ConfigRegister.Command, (ushort)(isOn ? command | PciCommand.MemorySpace : command & ~PciCommand.MemorySpace));
    }

    private void Check(string name, byte[] found, byte[] expected, bool isCounted = true)
    {
        bool isRight = found.AsSpan().SequenceEqual(expected);
        if (isCounted)
        {
            _digest.AppendData(found);
        }

        if (isCounted || !isRight)
        {
            _transfers.Add(new(
                name, isCounted ? (ulong)found.Length : 0, isRight ? Convert.ToHexStringLower(SHA256.HashData(found)) : "", isRight, isRight ? null : "the bytes are not those that should be there"));
        }

        _observer?.Progress(_transfers.Aggregate(0UL, static (sum, transfer) => sum + transfer.Bytes), PayloadOf(_spec));
    }

    private void Must(Errno errno, string operation, SliceImporter importer, int buffer)
    {
        if (errno != Errno.None)
        {
            throw new PhysrException(operation, $"{_buffers[buffer].Spec.Name} for {importer.Node.Name}", errno, "it should have been possible");
        }
    }
}
