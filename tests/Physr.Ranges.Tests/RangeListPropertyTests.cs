// Copyright (c) The Physr authors. Licensed under the MIT license.

using FsCheck.Fluent;
using Physr.Ranges.Tests.Infrastructure;

namespace Physr.Ranges.Tests;

/// <summary>A range list says what was appended, however it is packed: rows R59 and R60 against a list of single units.</summary>
public class RangeListPropertyTests
{
    [Fact]
    public void R59b_NeighboursOfOneProviderCoalesce_R59c_AcrossProvidersNever_R59d_AndTheLengthIsExact() =>
        Law.Holds(NaiveList.Any, naive =>
        {
            RangeList list = naive.ToRangeList();
            Assert.Equal(naive.Coalesced, Entries(list));
            Assert.Equal(naive.Coalesced.Count, list.EntryCount);
            Assert.Equal(naive.Length, list.Length);
            Assert.Equal(naive.Units.Count == 0, list.IsEmpty);
        });

    [Fact]
    public void R59a_EveryEntryHasItsShortestForm() =>
        Law.Holds(NaiveList.Any, naive =>
        {
            ulong bytes = 0;
            foreach ((ulong address, ulong length, uint tag) in naive.Coalesced)
            {
                bool pages = address % 4096 == 0 && length % 4096 == 0 && length <= 256UL << 20 && address < 1UL << 48;
                bytes += tag > 1023 || length >= 1UL << 52 ? 24UL : pages ? 8UL : 16UL;
            }

            Assert.Equal(bytes, naive.ToRangeList().PackedBytes);
        });

    [Fact]
    public void R60a_SeekingAnyByte_FindsItsAddressProviderAndTheRestOfItsEntry() =>
        Law.Holds(NaiveList.Any, naive =>
        {
            RangeList list = naive.ToRangeList();
            ulong entryEnd = 0;
            foreach ((ulong address, ulong length, uint tag) in naive.Coalesced)
            {
                ulong entryStart = entryEnd;
                entryEnd += length;
                foreach (ulong into in new[] { 0UL, naive.Unit / 2, length / 2, length - 1 })
                {
                    Assert.Equal(new ProvidedRange(new(new(address + into), length - into), new(tag)), list.Seek(entryStart + into));
                }
            }

            Assert.Throws<ArgumentOutOfRangeException>(() => list.Seek(list.Length));
        });

    [Fact]
    public void R60b_AppendingAListToAnother_CoalescesTheSeam() =>
        Law.Holds(NaiveList.Any, naive =>
        {
            for (int cut = 0; cut <= naive.Runs.Length; cut += 3)
            {
                RangeList head = (naive with { Runs = naive.Runs[..cut] }).ToRangeList();
                RangeList tail = (naive with { Runs = naive.Runs[cut..] }).ToRangeList();
                Assert.Equal(naive.Coalesced, Entries(head.Concat(tail)));
            }
        });

    [Fact]
    public void R60e_ASlice_SaysWhatTheUnitsOfThePartSay_AsAListAndAsAView() =>
        Law.Holds(NaiveList.Any, naive =>
        {
            RangeList list = naive.ToRangeList();
            for (int from = 0; from <= naive.Units.Count; from += 5)
            {
                for (int count = 0; count <= naive.Units.Count - from; count += 7)
                {
                    List<(ulong, ulong, uint)> expected = NaiveList.Coalesce(naive.Units.GetRange(from, count), naive.Unit, ignoreTag: false);
                    ulong offset = (ulong)from * naive.Unit;
                    ulong length = (ulong)count * naive.Unit;
                    Assert.Equal(expected, Entries(list.Slice(offset, length)));
                    Assert.Equal(expected, Entries(list.View(0, offset + length).Slice(offset, length)));
                }
            }

            Assert.Throws<ArgumentOutOfRangeException>(() => list.Slice(0, list.Length + 1));
            Assert.Throws<ArgumentOutOfRangeException>(() => list.View(list.Length, 1));
        });

    [Fact]
    public void R60f_AListThatWentThroughBytes_IsTheSame() =>
        Law.Holds(NaiveList.Any, naive =>
        {
            RangeList list = naive.ToRangeList();
            byte[] bytes = new byte[list.SerializedLength];
            list.WriteTo(bytes);
            Assert.True(RangeList.TryRead(bytes, out RangeList copy));
            Assert.Equal(naive.Coalesced, Entries(copy));
            Assert.Equal(list.PackedBytes, copy.PackedBytes);
            Assert.False(RangeList.TryRead(bytes.AsSpan(0, bytes.Length - 1), out copy));
            Assert.True(copy.IsEmpty);
            Assert.Throws<ArgumentException>(() => list.WriteTo(new byte[bytes.Length - 1]));
        });

    [Fact]
    public void R60f_DamagedBytes_AreRefusedOrReadAsAListThatAgreesWithItself() =>
        Law.Holds(NaiveList.Any.Generator.Zip(FsCheck.Fluent.Gen.Choose(0, int.MaxValue)).ToArbitrary(), pair =>
        {
            RangeList list = pair.Item1.ToRangeList();
            byte[] bytes = new byte[list.SerializedLength];
            list.WriteTo(bytes);
            Random random = new(pair.Item2);
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            if (RangeList.TryRead(bytes.AsSpan(0, bytes.Length - (8 * random.Next(2))), out RangeList damaged))
            {
                List<(ulong Address, ulong Length, uint Tag)> entries = Entries(damaged);
                Assert.Equal(damaged.EntryCount, entries.Count);
                Assert.Equal(damaged.Length, entries.Aggregate(0UL, (sum, entry) => checked(sum + entry.Length)));
            }
        });

    private static List<(ulong Address, ulong Length, uint Tag)> Entries(RangeList list) => Entries(list.All);

    private static List<(ulong Address, ulong Length, uint Tag)> Entries(RangeListView view)
    {
        List<(ulong, ulong, uint)> entries = [];
        foreach (ProvidedRange entry in view)
        {
            entries.Add((entry.Range.Start.Value, entry.Range.Length, entry.Provider.Value));
        }

        return entries;
    }
}
