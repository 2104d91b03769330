// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Pager;
using Physr.Paging.Engine;
using Physr.Paging.Rigged;

// The pager, and what its environment wants of it besides.
IPagerSteps? steps = AllocationLog.FromEnvironment();
return PagerProgram.Run(args, steps ?? KillPlan.FromEnvironment());
