// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Machine.Devices;
using Physr.Machine.Scenarios;

namespace Physr.Machine.Offload;

/// <summary>What file-backed namespaces held before the first route, where transfers both write and read them: given back before each further route, so that every
/// route moves the same bytes. After the last route the files keep what it wrote.</summary>
internal sealed class BackingSnapshot : IDisposable
{
    private readonly List<Piece> _pieces = [];

    public BackingSnapshot(Scenario scenario)
    {
        foreach (NamespaceSpec spec in scenario.Fabric.SelectMany(static node => node.Namespaces))
        {
            bool isSource = scenario.Transfers.Any(transfer => transfer.From == spec.Name);
            if (spec.BackingPath is { } path && isSource && scenario.Routes.Count > 1)
            {
                _pieces.AddRange(scenario.Transfers.Where(transfer => transfer.To == spec.Name).Select(transfer => new Piece(path, transfer.ToOffset, transfer.LengthBytes)));
            }
        }

        _pieces.ForEach(static piece => piece.Save());
    }

    public void Restore() => _pieces.ForEach(static piece => piece.Restore());

    public void Dispose() => _pieces.ForEach(static piece => piece.Dispose());

    private sealed class Piece(string path, ulong offset, ulong length) : IDisposable
    {
        private readonly SparseMemory _bytes = new(path, length);

        public void Save() => Copy(FileAccess.Read, static (file, span, at) =>
        {
            for (int done = 0; done < span.Length;)
            {
                int read = RandomAccess.Read(file, span[done..], at + done);
                done = read != 0 ? done + read : throw new PhysrException("keep namespace", "its file", Errno.EIO, "the file is shorter than the transfers need");
            }
        });

        public void Restore() => Copy(FileAccess.Write, static (file, span, at) => RandomAccess.Write(file, span, at));

        public void Dispose() => _bytes.Dispose();

        private void Copy(FileAccess access, FileCopy copy)
        {
            using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, access, FileShare.ReadWrite);
            for (ulong done = 0; done < length;)
            {
                Span<byte> span = _bytes.SpanAt(done, length - done);
                copy(file, span, (long)(offset + done));
                done += (ulong)span.Length;
            }
        }

        private delegate void FileCopy(SafeFileHandle file, Span<byte> span, long at);
    }
}
