// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommufd;
using static Physr.Dma.Tests.Iommufd.IommufdRig;

namespace Physr.Dma.Tests.Iommufd;

/// <summary>Random maps, copies, unmaps, pins, attachments and reservations against lists: after each call the answer, every device's translations, every page's pins and what is charged
/// are as the lists say.</summary>
public sealed class OracleTests
{
    private const ulong Buffer = IommufdRig.Buffer;
    private const ulong Pages = 24;
    private const ulong Window = 48 * PageBytes;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void R71_EveryAnswerTranslationAndPinIsTheListsOne(int seed)
    {
        using Run run = new(seed);
        for (int step = 0; step < 500; step++)
        {
            string what = "";
            try
            {
                what = run.Step();
                run.Check();
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"seed {seed}, step {step}: {what}", failure);
            }
        }

        // A run in which nothing succeeds, or nothing fails, shows nothing.
        Assert.InRange(run.Failures, 100, 400);
    }

    private sealed class Run : IDisposable
    {
        private readonly Random _random;
        private readonly IommufdRig _rig;
        private readonly IoAddressSpace[] _spaces;
        private readonly NaiveSpace[] _model = [new(), new()];
        private readonly TestAccessUser[] _pinners;
        private readonly TestAccessUser[] _readers;
        private readonly int[] _attachedTo = [-1, -1, -1];
        private int _origins;

        public Run(int seed)
        {
            _random = new(seed);
            _rig = new(0, Pages * PageBytes, new() { BatchPages = 1 + (seed * 3) });
            _spaces = [_rig.Ioas, _rig.NewIoas()];
            byte[] bytes = new byte[Pages * PageBytes];
            _random.NextBytes(bytes);
            Ok(_rig.Process.TryWrite(new(Buffer), bytes));
            for (int i = 0; i < 3; i++)
            {
                _rig.Bind(new MockDevice($"mock{i}") { IsPicky = true, ReservedRanges = i == 2 ? [new(new(MockDomain.Start + (20 * PageBytes)), 2 * PageBytes)] : [] });
            }

            _pinners = [NewUser(true), NewUser(true)];
            _readers = [NewUser(false), NewUser(false)];
            Ok(_readers[0].Access!.Attach(_spaces[0]));
            Ok(_readers[1].Access!.Attach(_spaces[1]));
        }

        public int Failures { get; private set; }

        public string Step()
        {
            int k = _random.Next(2);
            return _random.Next(20) switch
            {
                < 5 => MapFixed(k),
                < 7 => MapAutomatic(k),
                < 10 => Copy(k, _random.Next(2)),
                < 13 => Unmap(k),
                < 15 => ToggleDevice(_random.Next(3), k),
                15 => Allow(k),
                16 => ToggleAccess(k),
                17 => Pin(k),
                18 => Unpin(k),
                _ => Read(k),
            };
        }

        public void Check()
        {
            Dictionary<ulong, HashSet<int>> pinned = [];
            for (int k = 0; k < 2; k++)
            {
                NaiveSpace model = _model[k];
                Assert.Equal(model.Areas.Count, _spaces[k].AreaCount);
                IEnumerable<(int Origin, ulong Page)> pages = model.HasDomain ? model.Areas.SelectMany(static area => area.Pages(area.First, area.Last)) : [];
                pages = pages.Concat(model.Pins.SelectMany(pin => model.Parts(pin.First, pin.Last - pin.First + 1)!).SelectMany(static part => part.Pages(part.First, part.Last)));
                foreach ((int origin, ulong page) in pages)
                {
                    if (!pinned.TryGetValue(page, out HashSet<int>? origins))
                    {
                        pinned.Add(page, origins = []);
                    }

                    origins.Add(origin);
                }
            }

            for (ulong page = Buffer >> 12; page < (Buffer >> 12) + Pages; page++)
            {
                Assert.Equal(pinned.TryGetValue(page, out HashSet<int>? origins) ? origins.Count : 0, _rig.Process.FrameAt(page << 12).Pins);
            }

            Assert.Equal((ulong)pinned.Values.Sum(static origins => origins.Count), _rig.Process.Pinned.Pages);
            for (int d = 0; d < 3; d++)
            {
                if (_attachedTo[d] >= 0)
                {
                    CheckDomain(_model[_attachedTo[d]], _rig.Domain(d));
                }
            }
        }

        public void Dispose() => _rig.Dispose();

        private static void CheckLists(NaiveSpace model, IoAddressSpace space)
        {
            Is(Errno.EMSGSIZE, space.GetIovaRanges([], out _, out ulong alignment));
            Assert.Equal(model.Alignment, alignment);
        }

        private void CheckDomain(NaiveSpace model, MockDomain domain)
        {
            int granules = 0;
            foreach (NaiveSpace.Area area in model.Areas)
            {
                for (ulong at = 0; at < area.Length; at += MockDomain.Page, granules++)
                {
                    Assert.True(domain.TryReach(area.First + at, isWrite: true, out ulong physical));
                    Assert.Equal((_rig.Process.FrameAt(area.Address + at).Number << 12) + ((area.Address + at) & 4095), physical);
                }
            }

            Assert.Equal((granules, 0), (domain.LeafCount, domain.StaleCount));
        }

        private string MapFixed(int k)
        {
            (ulong iova, ulong length, ulong address) = (MockDomain.Start + Some(Window), 512 + Some(8 * PageBytes), Buffer + Some((Pages + 1) * PageBytes));
            Errno expected = _model[k].CheckFixed(iova, length);
            expected = expected != Errno.None ? expected : CheckParts(_model[k], iova, [new(0, length, address, 0)]);
            Expect(expected, _rig.TryMapFixed(address, length, iova, _spaces[k]));
            if (expected == Errno.None)
            {
                _model[k].Areas.Add(new(iova, length, address, ++_origins));
            }

            return $"map 0x{address:x}+0x{length:x} at 0x{iova:x} in {k}: {expected}";
        }

        private string MapAutomatic(int k)
        {
            (ulong length, ulong address) = (512 + Some(8 * PageBytes), Buffer + Some((Pages + 1) * PageBytes));
            Errno expected = _model[k].FindAutomatic(length, address, out ulong iova);
            expected = expected != Errno.None ? expected : CheckParts(_model[k], iova, [new(0, length, address, 0)]);
            DmaAddress found = default;
            Expect(expected, _spaces[k].Map(new(address), length, ref found, ReadWrite));
            if (expected == Errno.None)
            {
                Assert.Equal(iova, found.Value);
                _model[k].Areas.Add(new(iova, length, address, ++_origins));
            }

            return $"map 0x{address:x}+0x{length:x} in {k}: {expected} 0x{iova:x}";
        }

        private string Copy(int from, int to)
        {
            (ulong source, ulong length) = SomeRange(from);
            List<NaiveSpace.Area>? parts = _model[from].Parts(source, length);
            bool isFixed = _random.Next(2) == 0;
            ulong iova = MockDomain.Start + Some(Window);
            Errno expected = parts is null ? Errno.ENOENT : isFixed ? _model[to].CheckFixed(iova, length) : _model[to].FindAutomatic(length, parts[0].Address, out iova);
            expected = expected != Errno.None ? expected : CheckParts(_model[to], iova, parts!);
            DmaAddress found = new(isFixed ? iova : 0);
            Expect(expected, _spaces[to].Copy(_spaces[from], new(source), length, ref found, isFixed ? ReadWrite | IoMapFlags.FixedIova : ReadWrite));
            if (expected == Errno.None)
            {
                Assert.Equal(iova, found.Value);
                foreach (NaiveSpace.Area part in parts!)
                {
                    _model[to].Areas.Add(part with { First = iova });
                    iova += part.Length;
                }
            }

            return $"copy 0x{source:x}+0x{length:x} from {from} to {to}: {expected}";
        }

        private string Unmap(int k)
        {
            (ulong first, ulong length) = SomeRange(k);
            ulong last = first + (length - 1);
            List<NaiveSpace.Area> areas = _model[k].Areas.FindAll(area => area.First <= last && area.Last >= first);
            bool whole = areas.TrueForAll(area => area.First >= first && area.Last <= last);
            Errno expected = areas.Count == 0 || !whole ? Errno.ENOENT : Errno.None;
            Expect(expected, _spaces[k].Unmap(new(first), length, out ulong unmapped));
            if (expected == Errno.None)
            {
                Assert.Equal((ulong)areas.Sum(static area => (long)area.Length), unmapped);
                _model[k].Areas.RemoveAll(areas.Contains);
                _model[k].Pins.RemoveAll(pin => areas.Exists(area => pin.First <= area.Last && pin.Last >= area.First));
            }

            return $"unmap 0x{first:x}+0x{length:x} in {k}: {expected}";
        }

        private string ToggleDevice(int d, int k)
        {
            IommufdDevice device = _rig.Devices[d];
            if (_attachedTo[d] >= 0)
            {
                _model[_attachedTo[d]].Reserved.Remove(d);
                _attachedTo[d] = -1;
                device.Detach();
                return $"detach {d}";
            }

            NaiveSpace model = _model[k];
            List<(ulong First, ulong Last)> reserved = [(0, MockDomain.Start - 1), (MockDomain.Last + 1, ulong.MaxValue)];
            reserved.AddRange(device.Hardware.ReservedRanges.Select(static range => (range.Start.Value, range.Last.Value)));
            bool inUse = reserved.Exists(range => model.IsMapped(range.First, range.Last) || model.Allowed.Exists(allowed => allowed.First <= range.Last && allowed.Last >= range.First))
                || model.Areas.Exists(static area => ((area.First | area.Length | (area.Address & 4095)) & 2047) != 0);
            bool faults = model.Areas.Exists(Faults);
            Errno errno = device.Attach(_spaces[k]);
            Assert.True(errno switch { Errno.None => !inUse && !faults, Errno.EADDRINUSE => inUse, Errno.EFAULT => faults, _ => false }, $"{errno}, in use: {inUse}, faults: {faults}");
            Failures += errno == Errno.None ? 0 : 1;
            if (errno == Errno.None)
            {
                _attachedTo[d] = k;
                model.Reserved.Add(d, reserved);
            }

            CheckLists(model, _spaces[k]);
            return $"attach {d} to {k}: {errno}";
        }

        private string Allow(int k)
        {
            List<(ulong First, ulong Last)> allowed = [];
            for (ulong i = 0; i < (ulong)_random.Next(3); i++)
            {
                ulong first = MockDomain.Start + (i * Window) + Some(Window / 2);
                allowed.Add((first, first + Some(Window / 2)));
            }

            Errno expected = allowed.Exists(static range => range.First >= range.Last) ? Errno.EINVAL
                : allowed.Exists(range => _model[k].IsReserved(range.First, range.Last)) ? Errno.EADDRINUSE : Errno.None;
            Expect(expected, _spaces[k].AllowIovas(allowed.ConvertAll(static range => new IovaRange(new(range.First), new(range.Last))).ToArray()));
            if (expected == Errno.None)
            {
                _model[k].Allowed.Clear();
                _model[k].Allowed.AddRange(allowed);
            }

            return $"allow {allowed.Count} in {k}: {expected}";
        }

        private string ToggleAccess(int k)
        {
            NaiveSpace model = _model[k];
            if (model.HasAccess)
            {
                Ok(_pinners[k].Access!.Detach());
                model.HasAccess = false;
                model.Pins.Clear();
                CheckLists(model, _spaces[k]);
                return $"access leaves {k}";
            }

            Errno expected = model.Areas.Exists(static area => ((area.First | area.Length | (area.Address & 4095)) & 4095) != 0) ? Errno.EADDRINUSE : Errno.None;
            Expect(expected, _pinners[k].Access!.Attach(_spaces[k]));
            model.HasAccess = expected == Errno.None;
            CheckLists(model, _spaces[k]);
            return $"access joins {k}: {expected}";
        }

        private string Pin(int k)
        {
            (ulong first, ulong length) = SomeRange(k);
            NaiveSpace model = _model[k];
            List<NaiveSpace.Area>? parts = model.HasAccess ? model.Parts(first, length) : null;
            Errno expected = !model.HasAccess ? Errno.ENOENT : FirstError(model, first, length);
            Expect(expected, _pinners[k].Pin(first, length, AccessFlags.Write, out RangeList pages));
            Assert.Equal(expected == Errno.None ? (ulong)parts!.Sum(static part => part.Pages(part.First, part.Last).Count()) * PageBytes : 0, pages.Length);
            if (expected == Errno.None)
            {
                model.Pins.Add((first, first + (length - 1)));
            }

            return $"pin 0x{first:x}+0x{length:x} in {k}: {expected}";
        }

        private string Unpin(int k)
        {
            if (_model[k].Pins.Count == 0)
            {
                return "nothing to unpin";
            }

            (ulong first, ulong last) = _model[k].Pins[_random.Next(_model[k].Pins.Count)];
            Ok(_pinners[k].Unpin(first, last - first + 1));
            _model[k].Pins.Remove((first, last));
            return $"unpin 0x{first:x}..0x{last:x} in {k}";
        }

        private string Read(int k)
        {
            (ulong first, ulong length) = SomeRange(k);
            byte[] read = new byte[length];
            Errno expected = FirstError(_model[k], first, length);
            Expect(expected, _readers[k].Access!.Read(new(first), read, _random.Next(2) == 0 ? AccessFlags.Read : AccessFlags.SlowPath));
            if (expected == Errno.None)
            {
                byte[] bytes = new byte[length];
                foreach (NaiveSpace.Area part in _model[k].Parts(first, length)!)
                {
                    Ok(_rig.Process.TryRead(new(part.Address), bytes.AsSpan((int)(part.First - first), (int)part.Length)));
                }

                Assert.Equal(bytes, read);
            }

            return $"read 0x{first:x}+0x{length:x} in {k}: {expected}";
        }

        /// <summary>What going through a range from its first byte on meets first.</summary>
        private static Errno FirstError(NaiveSpace model, ulong first, ulong length)
        {
            for (ulong at = first; at < first + length;)
            {
                if (model.At(at) is not { } area)
                {
                    return Errno.ENOENT;
                }

                ulong end = Math.Min(area.Last + 1, first + length);
                if (Faults(new(at, end - at, area.Address + (at - area.First), 0)))
                {
                    return Errno.EFAULT;
                }

                at = end;
            }

            return Errno.None;
        }

        private static Errno CheckParts(NaiveSpace target, ulong iova, List<NaiveSpace.Area> parts)
        {
            foreach (NaiveSpace.Area part in parts)
            {
                if (((iova | part.Length | (part.Address & 4095)) & (target.Alignment - 1)) != 0)
                {
                    return Errno.EINVAL;
                }

                iova += part.Length;
            }

            return target.HasDomain && parts.Exists(Faults) ? Errno.EFAULT : Errno.None;
        }

        private static bool Faults(NaiveSpace.Area area) => area.Address < Buffer || area.Address + area.Length > Buffer + (Pages * PageBytes);

        private void Expect(Errno expected, Errno errno)
        {
            Is(expected, errno);
            Failures += expected == Errno.None ? 0 : 1;
        }

        /// <summary>A multiple of a page mostly, of half a page often, of less sometimes.</summary>
        private ulong Some(ulong below) => (ulong)_random.NextInt64((long)below) & ~(_random.Next(12) switch { 0 => 511UL, < 3 => 2047UL, _ => 4095UL });

        private (ulong First, ulong Length) SomeRange(int k)
        {
            List<NaiveSpace.Area> areas = _model[k].Areas;
            if (areas.Count == 0 || _random.Next(8) == 0)
            {
                return (MockDomain.Start + Some(Window), 512 + Some(4 * PageBytes));
            }

            NaiveSpace.Area area = areas[_random.Next(areas.Count)];
            ulong skip = _random.Next(2) == 0 ? 0 : Some(area.Length);
            return (area.First + skip, _random.Next(3) == 0 ? 512 + Some(8 * PageBytes) : area.Length - skip);
        }

        private TestAccessUser NewUser(bool pins)
        {
            TestAccessUser user = new(pins);
            Ok(_rig.Context.CreateAccess(user, out IommufdAccess? access));
            user.Access = access;
            return user;
        }
    }
}
