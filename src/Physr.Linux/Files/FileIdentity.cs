// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Files;

/// <summary>Which file it is, whatever its names are: a regular file's number on its device, or the device that a block device is.</summary>
/// <param name="DeviceMajor">The device's major number.</param>
/// <param name="DeviceMinor">Its minor number.</param>
/// <param name="Inode">The file's number there; 0 for a block device.</param>
public readonly record struct FileIdentity(uint DeviceMajor, uint DeviceMinor, ulong Inode);
