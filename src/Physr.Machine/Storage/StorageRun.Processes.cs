// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm;
using Physr.Storage;
using Physr.Storage.Mapping;

namespace Physr.Machine.Storage;

/// <content>Two processes map the file; it is cut while a device reads what they showed it.</content>
internal sealed partial class StorageRun
{
    private void Map(CancellationToken cancellation)
    {
        _processes = new(_machine, _store!, _raid!, _cards.Values);
        Must(_processes.Mount.TryOpen(_name, out MountedFile? file), "open file");
        Protection shared = _processes.Mount.AllowsSharedWrites ? Protection.ReadWrite : Protection.Read;
        if (!_processes.Mount.AllowsSharedWrites)
        {
            Errno refused = _processes.One.TryMap(new(Length, Protection.ReadWrite) { File = file!.Mapped, IsShared = true }, out _);
            _reasons.Add($"a shared mapping that may be written: {refused}: {_processes.Mount.SharedWriteRefusal}");
        }

        _processes.MapOne(file!, shared);
        Stage("mappedByOne");
        _processes.MapOther(file!);
        Stage("mappedByTwo");

        byte[] seen = new byte[Length];
        Must(_processes.One.Read(_processes.Here, seen).IsDone ? Errno.None : Errno.EFAULT, "read mapping");
        string? failure = Difference(seen, 0);
        Must(_processes.Other.Read(_processes.There, seen).IsDone ? Errno.None : Errno.EFAULT, "read mapping");
        failure ??= Difference(seen, 0);
        failure ??= _processes.DiffersInIdentity() ? "the two mappings do not name the same bytes" : null;
        failure ??= _processes.CopyReachesFile(_content[0]) ? "a store to a private mapping reached the file" : null;
        _transfers.Add(new("mapped", failure is null ? 2 * Length : 0, failure is null ? Append(seen) : "", failure is null, failure));
    }

    /// <summary>A process gives the end of its mapping to a device; the file is cut there before the device is through.</summary>
    private void Cut(CancellationToken cancellation)
    {
        ulong length = Length - _spec.CutBytes;
        Must(_processes!.One.TryPin(_processes.Here.Add(_spec.CutBytes), length, PinFlags.None, out PinnedMemory? pinned), "pin mapping");
        Bio transfer = new(BioOperation.Write, _spec.CutBytes >> Bio.SectorShift, pinned!.Frames.All);
        _drive!.Submit(transfer);
        int waits = 0;
        bool isEarly = transfer.IsCompleted;
        Must(_processes.Mount.TryOpen(_name, out MountedFile? file), "open file");
        Must(
            file!.TrySetLength(_spec.CutBytes, () =>
            {
                waits++;
                bool isMoving = _drive.Poll() || transfer.IsCompleted;
                if (transfer.IsCompleted)
                {
                    pinned.Dispose();
                }

                return isMoving;
            }),
            "cut file");
        string? early = isEarly || waits == 0 ? "the transfer ended before the cut began to wait" : null;
        _reasons.Add($"the cut to {_spec.CutBytes} bytes waited {waits} times for a transfer of {length}");
        Must(early is null ? Errno.None : Errno.EIO, "cut file", early ?? "");
        CheckDrive("cut", transfer.Status, _spec.CutBytes, length);
        AccessOutcome beyond = _processes.One.Load(_processes.Here.Add(_spec.CutBytes), out byte _);
        Must(beyond == AccessOutcome.BusError ? Errno.None : Errno.EIO, "touch beyond the cut", $"it ended in {beyond}");
        _content = _content[..(int)_spec.CutBytes];
        Stage("cut");
    }

    private void Unmap(CancellationToken cancellation)
    {
        _processes!.Unmap();
        Stage("unmapped");
    }
}
