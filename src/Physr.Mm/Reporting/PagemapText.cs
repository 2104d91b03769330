// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;

namespace Physr.Mm.Reporting;

/// <summary>The words of <c>/proc/PID/pagemap</c> of all areas as lines: <c>ADDRESS: WORD [FLAGS]</c> for one page, <c>START-END: WORD [FLAGS]</c> for pages with the same word, and
/// <c>START-END: WORD+STEP [FLAGS]</c> for pages whose words go up by a step, as those of neighbouring frames do. Numbers are hexadecimal; the end is the first address behind.</summary>
public static class PagemapText
{
    private const int Chunk = 4096;

    private static readonly (PagemapFlags Flag, string Name)[] s_names =
    [
        (PagemapFlags.Present, "present"), (PagemapFlags.Swap, "swap"), (PagemapFlags.File, "file"), (PagemapFlags.GuardRegion, "guard"),
        (PagemapFlags.WriteProtected, "uffd-wp"), (PagemapFlags.MappedExclusively, "exclusive"), (PagemapFlags.SoftDirty, "soft-dirty"),
    ];

    /// <summary>All lines.</summary>
    /// <param name="space">The process.</param>
    /// <param name="isPrivileged">Whether frame numbers are shown (row R26c).</param>
    public static string Of(AddressSpace space, bool isPrivileged)
    {
        ArgumentNullException.ThrowIfNull(space);
        StringBuilder text = new();
        ulong[] words = new ulong[Chunk];
        foreach (VirtualMemoryArea area in space.Areas)
        {
            Run run = default;
            AddressRange<VirtualAddress> range = area.Range;
            for (VirtualAddress at = range.Start; at.Value < range.End.Value;)
            {
                int count = (int)Math.Min(Chunk, (range.End.Value - at.Value) >> PageSize.Shift4K);
                space.ReadPagemap(at, words.AsSpan(0, count), isPrivileged);
                foreach (ulong word in words.AsSpan(0, count))
                {
                    if (!run.TryExtend(word))
                    {
                        run.AppendTo(text);
                        run = new(at.Value, word);
                    }

                    at = at.Add(PageSize.Size4K);
                }
            }

            run.AppendTo(text);
        }

        return text.ToString();
    }

    private struct Run(ulong start, ulong word)
    {
        private ulong _pages = 1;
        private ulong _step;

        public bool TryExtend(ulong next)
        {
            ulong step = next - word;
            if (_pages == 0 || (_pages == 1 ? step > 32 : next != word + (_step * _pages)))
            {
                return false;
            }

            _step = _pages == 1 ? step : _step;
            _pages++;
            return true;
        }

        public readonly void AppendTo(StringBuilder text)
        {
            if (_pages == 0)
            {
                return;
            }

            text.Append(_pages == 1 ? $"{start:x}: {word:x16}" : $"{start:x}-{start + (_pages << PageSize.Shift4K):x}: {word:x16}");
            text.Append(_step == 0 ? " [" : $"+{_step:x} [");
            ulong flags = word;
            text.AppendJoin(' ', s_names.Where(each => (flags & (ulong)each.Flag) != 0).Select(static each => each.Name)).Append("]\n");
        }
    }
}
